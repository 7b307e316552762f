"""Streets, places and routes."""
