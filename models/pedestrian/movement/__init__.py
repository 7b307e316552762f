"""How people walk and cross: streets, rows of walkers, the loop over events."""
