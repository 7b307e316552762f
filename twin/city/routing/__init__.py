"""Ways through a street layer."""
