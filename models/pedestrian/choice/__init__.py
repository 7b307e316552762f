"""What visitors choose: places, lengths of stay, when to leave."""
