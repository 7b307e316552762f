"""Variants times replications over processes."""
