"""The largest reward at each KL budget, from draws."""
