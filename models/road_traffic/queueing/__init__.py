"""Queues by link transmission: a network of links, movements and signals that loads single vehicles."""
