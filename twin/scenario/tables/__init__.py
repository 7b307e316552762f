"""Tables and drawn layers of the user, read with guards."""
