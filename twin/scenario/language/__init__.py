"""The scenario file: text, tree, checks, variants."""
