"""One folder per model; `registry` names them. Nothing heavy is imported here."""
