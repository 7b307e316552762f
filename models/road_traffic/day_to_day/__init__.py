"""Day-to-day equilibrium: the day again and again, until nobody could have arrived much sooner."""
