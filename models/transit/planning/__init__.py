"""Plans for a whole fleet at once: pick-ups and set-downs with windows, ride times and duties, by ruin and recreate."""
