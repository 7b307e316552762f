"""How people choose among walking, bicycle, bus, van, taxi and car, and what waits they have learned to expect."""
