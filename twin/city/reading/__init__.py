"""From map files to a city."""
