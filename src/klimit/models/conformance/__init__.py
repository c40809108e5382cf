"""The laws that every backend must obey, for its author to run.

In a backend's own tests::

    import pytest
    from klimit.models.conformance import LAWS, LAWS_IF_REPEATABLE, Probe

    @pytest.mark.parametrize("law", [*LAWS, *LAWS_IF_REPEATABLE], ids=lambda law: law.__name__)
    def test_conformance(law):
        law(my_model, Probe())

``LAWS`` hold for every backend; ``LAWS_IF_REPEATABLE`` for one that promises equal draws for
equal seeds. Each law returns nothing or raises `klimit.core.errors.ConformanceError`, which
pytest shows as a failure. Statistical laws refuse a right backend with a probability of at most
``Probe.level`` each.
"""

from collections.abc import Callable
from typing import Final

from klimit.models.conformance.chances import (
    check_frequencies,
    check_log_probs,
    check_matches,
    check_total_probability,
)
from klimit.models.conformance.probe import Probe
from klimit.models.conformance.seeds import (
    check_any_batching,
    check_any_thread,
    check_fresh_draws,
    check_repeatable,
    check_seeds_differ,
)
from klimit.models.conformance.shape import (
    check_counts,
    check_description,
    check_lengths,
    check_refusal,
)
from klimit.models.protocols import LanguageModel

__all__ = [
    "LAWS",
    "LAWS_IF_REPEATABLE",
    "Law",
    "Probe",
    "check_any_batching",
    "check_any_thread",
    "check_counts",
    "check_description",
    "check_frequencies",
    "check_fresh_draws",
    "check_lengths",
    "check_log_probs",
    "check_matches",
    "check_refusal",
    "check_repeatable",
    "check_seeds_differ",
    "check_total_probability",
]

Law = Callable[[LanguageModel, Probe], None]
"""Asks a model and raises a ``ConformanceError`` if an answer breaks the law."""

LAWS: Final[tuple[Law, ...]] = (
    check_counts,
    check_description,
    check_frequencies,
    check_fresh_draws,
    check_lengths,
    check_log_probs,
    check_refusal,
    check_seeds_differ,
    check_total_probability,
)
"""What holds for every backend."""

LAWS_IF_REPEATABLE: Final[tuple[Law, ...]] = (
    check_any_batching,
    check_any_thread,
    check_repeatable,
)
"""What holds for a backend that promises equal draws for equal seeds."""
