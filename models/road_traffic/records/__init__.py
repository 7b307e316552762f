"""What the road writes down: links, crossings, the network diagram, watched streets, fuel."""
