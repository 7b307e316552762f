"""Who wants to ride, when, and between which stops."""
