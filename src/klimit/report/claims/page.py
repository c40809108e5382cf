"""All claims on one page."""

from collections.abc import Sequence

from klimit import __version__
from klimit.exact.claims.setting import Setting
from klimit.report.claims.chapter import Chapter, number
from klimit.report.document import Document

__all__ = ["claims_document"]

_SOURCE = (
    "The claims are those of the abstract of Yang, Salamatian, Sun, Suresh, Beirami (2024), "
    "Asymptotics of language model alignment, arXiv 2404.01730; second-order laws, lattice "
    "corrections and random N are klimit's own."
)
_UNITS = "natural logarithms, so KL and divergence in nats · exact laws, no simulation"


def claims_document(
    chapters: Sequence[Chapter], settings: Sequence[Setting], *, source: Sequence[str] = ()
) -> Document:
    """Put the claims on one page.

    Args:
        chapters: The claims.
        settings: Where they were put to the test.
        source: Where the models come from: lines for the end of the page.

    Returns:
        The page.
    """
    return Document(
        title="Asymptotics of language model alignment, claim by claim",
        summary=tuple(f"{chapter.number}. {chapter.title}." for chapter in chapters),
        sections=tuple(chapter.section for chapter in chapters),
        footer=(
            *(_described(setting) for setting in settings),
            *source,
            _SOURCE,
            f"klimit {__version__} · {_UNITS}",
        ),
    )


def _described(setting: Setting) -> str:
    levels = setting.symbols.levels
    shown = ", ".join(
        f"{number(float(reward), 6)} ({number(float(share))})"
        for reward, share in list(zip(levels.rewards, setting.probs, strict=True))[:6]
    )
    more = f" and {levels.rewards.size - 6} more" if levels.rewards.size > 6 else ""
    moved = (
        f"; rewards moved to a lattice, by at most {number(setting.rounding, 2)} each"
        if setting.rounding
        else ""
    )
    return (
        f"Model {setting.name}: rewards (and probabilities) {shown}{more}; budget "
        f"{number(setting.kl)} nats a symbol{moved}"
    )
