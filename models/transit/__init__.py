"""On-demand transit: requests, virtual stops, vans, dispatch."""
