"""Background cars from a gravity model."""
