"""Edits of a city: words, wishes, changed arrays, and the list of what differs."""
