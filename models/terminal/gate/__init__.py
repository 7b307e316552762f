"""The gate itself: lanes, lines, yards and the way there; its kernels, state and layout."""
