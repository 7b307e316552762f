"""What the gate writes down: visits, queues, slots, and points for pictures."""
