"""The dispatch desk, its books, and the rows of its tables."""
