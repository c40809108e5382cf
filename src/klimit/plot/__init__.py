"""Results as matplotlib figures: drawn from numbers that stand already, nothing computed.

Figures are made without pyplot, so no global state changes and none is left behind.
"""

from klimit.core.extras import optional

optional("matplotlib", feature="a figure", extra="app")

from klimit.plot.audit import audit_figure, run_figure  # noqa: E402  (matplotlib may be absent)
from klimit.plot.best_of import best_of_figure  # noqa: E402
from klimit.plot.claims import (  # noqa: E402
    best_of_n_claim_figure,
    certificate_claim_figure,
    cumulant_claim_figure,
    frontier_claim_figure,
    limits_claim_figure,
    random_n_claim_figure,
    tail_claim_figure,
)
from klimit.plot.frontier import frontier_figure  # noqa: E402
from klimit.plot.logged_kl import logged_kl_figure  # noqa: E402
from klimit.plot.overoptimisation import overoptimisation_figure  # noqa: E402
from klimit.plot.plan import plan_figure  # noqa: E402
from klimit.plot.save import save_figure  # noqa: E402

__all__ = [
    "audit_figure",
    "best_of_figure",
    "best_of_n_claim_figure",
    "certificate_claim_figure",
    "cumulant_claim_figure",
    "frontier_claim_figure",
    "frontier_figure",
    "limits_claim_figure",
    "logged_kl_figure",
    "overoptimisation_figure",
    "plan_figure",
    "random_n_claim_figure",
    "run_figure",
    "save_figure",
    "tail_claim_figure",
]
