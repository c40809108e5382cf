"""The paper, claim by claim, as figures: one function a claim, drawn from its numbers."""

from klimit.plot.claims.best_of import best_of_n_claim_figure
from klimit.plot.claims.frontier import frontier_claim_figure
from klimit.plot.claims.tails import tail_claim_figure

__all__ = ["best_of_n_claim_figure", "frontier_claim_figure", "tail_claim_figure"]
