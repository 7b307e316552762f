"""What one run needs around its models: its city, checkpoints, books, and the folder it leaves."""
