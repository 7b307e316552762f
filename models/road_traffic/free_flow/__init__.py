"""The free-flow form of the road."""
