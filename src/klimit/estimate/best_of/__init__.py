"""Best-of-N, from draws."""
