"""No domain knowledge: errors, log-space numerics, random streams, results, extras."""
