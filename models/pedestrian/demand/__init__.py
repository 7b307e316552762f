"""Who comes, through which exits, and to which places."""
