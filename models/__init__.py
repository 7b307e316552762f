"""One folder per model with its card; `registry` lists them. Nothing heavy is imported here."""
