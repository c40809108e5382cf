"""Known distributions: optimal tilts, best-of-N, their divergences, to the last digit."""
