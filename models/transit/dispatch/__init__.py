"""Who serves a request, and where in the plan: strategies and their kernels."""
