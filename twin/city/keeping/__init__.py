"""Cities in folders: find, build, join, store, digest, exchange."""
