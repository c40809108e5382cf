"""The paper, claim by claim, as chapters of a page: one module a claim, nothing computed."""

from klimit.report.claims.best_of import best_of_n_chapter
from klimit.report.claims.chapter import Chapter
from klimit.report.claims.frontier import frontier_chapter
from klimit.report.claims.page import claims_document
from klimit.report.claims.tails import tail_chapter

__all__ = [
    "Chapter",
    "best_of_n_chapter",
    "claims_document",
    "frontier_chapter",
    "tail_chapter",
]
