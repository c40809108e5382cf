"""The paper, claim by claim, as figures: one function a claim, drawn from its numbers."""

from klimit.plot.claims.best_of import best_of_n_claim_figure
from klimit.plot.claims.certificates import certificate_claim_figure
from klimit.plot.claims.cumulants import cumulant_claim_figure
from klimit.plot.claims.frontier import frontier_claim_figure
from klimit.plot.claims.limits import limits_claim_figure
from klimit.plot.claims.random_n import random_n_claim_figure
from klimit.plot.claims.tails import tail_claim_figure

__all__ = [
    "best_of_n_claim_figure",
    "certificate_claim_figure",
    "cumulant_claim_figure",
    "frontier_claim_figure",
    "limits_claim_figure",
    "random_n_claim_figure",
    "tail_claim_figure",
]
