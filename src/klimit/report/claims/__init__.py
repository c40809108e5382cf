"""The paper, claim by claim, as chapters of a page: one module a claim, nothing computed."""

from klimit.report.claims.best_of import best_of_n_chapter
from klimit.report.claims.certificates import certificate_chapter
from klimit.report.claims.chapter import Chapter
from klimit.report.claims.cumulants import cumulant_chapter
from klimit.report.claims.frontier import frontier_chapter
from klimit.report.claims.limits import limits_chapter
from klimit.report.claims.page import claims_document
from klimit.report.claims.random_n import random_n_chapter
from klimit.report.claims.tails import tail_chapter

__all__ = [
    "Chapter",
    "best_of_n_chapter",
    "certificate_chapter",
    "claims_document",
    "cumulant_chapter",
    "frontier_chapter",
    "limits_chapter",
    "random_n_chapter",
    "tail_chapter",
]
