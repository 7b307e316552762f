"""What follows from a checked scenario: the plan, its assumptions, estimates, and new files."""
