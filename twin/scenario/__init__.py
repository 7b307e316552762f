"""The scenario file: language, checks, tables."""
