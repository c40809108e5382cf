"""The paper, claim by claim: the numbers that put each to the test.

Each module computes the numbers of one claim in a given setting: independent symbols with a
summed reward, a budget per symbol, and growing lengths.

References:
    Yang, Salamatian, Sun, Suresh, Beirami (2024), Asymptotics of language model alignment.
"""

from klimit.exact.claims.best_of import BestOfNClaim, best_of_n_claim
from klimit.exact.claims.certificates import CertificateClaim, certificate_claim
from klimit.exact.claims.cumulants import CumulantClaim, cumulant_claim
from klimit.exact.claims.frontier import FrontierClaim, frontier_claim
from klimit.exact.claims.limits import LimitsClaim, limits_claim
from klimit.exact.claims.random_n import RandomNClaim, random_n_claim
from klimit.exact.claims.setting import Setting, example_settings, setting_of
from klimit.exact.claims.tails import TailClaim, tail_claim

__all__ = [
    "BestOfNClaim",
    "CertificateClaim",
    "CumulantClaim",
    "FrontierClaim",
    "LimitsClaim",
    "RandomNClaim",
    "Setting",
    "TailClaim",
    "best_of_n_claim",
    "certificate_claim",
    "cumulant_claim",
    "example_settings",
    "frontier_claim",
    "limits_claim",
    "random_n_claim",
    "setting_of",
    "tail_claim",
]
