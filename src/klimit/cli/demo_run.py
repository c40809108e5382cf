"""The steps of ``klimit demo``: draw, score, estimate, run best-of-N on fresh draws, report."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

from klimit import Draws, __version__, estimate_frontier
from klimit.cli.console import say
from klimit.cli.demo_pool import ScoredPool
from klimit.cli.report import ReportRequest, powers_of_two, report_on
from klimit.core.digits import measured
from klimit.data.journal import Journal
from klimit.data.run import RunDirectory, open_run
from klimit.estimate.best_of.points import BestOfPoint, best_of_n_within
from klimit.estimate.prediction import Prediction, check_best_of_n, check_tilt
from klimit.models.backends.registry import open_model
from klimit.models.protocols import LanguageModel
from klimit.models.weights import KNOWN_WEIGHTS
from klimit.sample.best_of import keep_best

if TYPE_CHECKING:
    from klimit.cli.demo import Asked
    from klimit.report import Document

__all__ = ["DemoRun"]

_FRACTIONS = (0.1, 0.25, 0.5, 1.0)
_FRESH = 12  # fresh draws a prompt, at least, so that the check says something


class DemoRun:
    """One demo, its model and run directory open."""

    def __init__(
        self, asked: "Asked", model: LanguageModel, run: RunDirectory, scores: Journal
    ) -> None:
        self._asked, self._model, self._run = asked, model, run
        self._pool = ScoredPool(asked, model, run, scores)

    @classmethod
    @contextmanager
    def open(cls, asked: "Asked", out: Path) -> Iterator[Self]:
        """Fetch and open the model, and the run directory.

        Args:
            asked: What to do.
            out: The run directory.

        Yields:
            The run.
        """
        model = open_model(_place(asked.model))
        try:
            settings = {
                "model": model.facts,
                "prompts": list(asked.prompts),
                "max_tokens": asked.max_tokens,
                "seed": asked.seed,
            }
            rewards = f"rewards-{asked.reward.name.replace(':', '-')}.jsonl"
            with open_run(out, settings) as run, Journal(out / rewards) as scores:
                yield cls(asked, model, run, scores)
        finally:
            model.close()

    @property
    def unscored(self) -> str:
        """How many responses have no reward and why; empty where all have one."""
        return self._pool.unscored

    def carry_out(self) -> "Document":
        """Do everything that has not been done yet.

        Returns:
            The report.
        """
        asked = self._asked
        draws = self._pool.draws(range(asked.draws), "draws.parquet")
        prompts = "sampled" if len(draws.prompts) > 1 else "fixed"
        chosen = best_of_n_within(draws, kl=asked.kl, prompts=prompts)
        beta = estimate_frontier(draws, kl=asked.kl, prompts=prompts).points[0].beta
        say("note", _choice(asked.kl, chosen, beta))
        more = chosen.n * max(2, _FRESH // chosen.n)
        fresh = self._pool.draws(range(asked.draws, asked.draws + more), "fresh.parquet")
        request = ReportRequest(
            reward_name=asked.reward.label,
            kl=tuple(asked.kl * fraction for fraction in _FRACTIONS),
            n=tuple(sorted({*powers_of_two(draws), chosen.n})),
            prompts=prompts,
        )
        checks = _checks(draws, fresh, chosen.n, beta, prompts)
        return report_on(draws, request, checks=checks, source=self._source(more))

    def _source(self, fresh: int) -> list[str]:
        asked, facts = self._asked, {**self._model.facts, **self._run.conditions}
        command = (
            f"klimit demo {__version__}",
            f"model {self._model.name}",
            f"reward {asked.reward.name} ({asked.reward.source})",
            f"seed {asked.seed}",
            f"at most {asked.max_tokens} tokens",
            f"{fresh} fresh draws of each prompt for the check",
        )
        return [" · ".join(command), " · ".join(f"{k} {value}" for k, value in facts.items())]


def _place(model: str) -> str:
    """What to open: a file for the name of a known model, anything else as it is."""
    if model not in KNOWN_WEIGHTS:
        return model
    from klimit.cli.models import fetch_with_progress

    return str(fetch_with_progress(model))


def _choice(kl: float, chosen: BestOfPoint, beta: float) -> str:
    tilt = (
        f"the optimum has beta {beta:.3g}"
        if math.isfinite(beta)
        else "the optimum keeps the best responses alone"
    )
    spent = f"N = {chosen.n}, which spends {measured(chosen.kl)} nats"
    return f"a budget of KL {kl:g} allows best-of-N with {spent}; {tilt}"


def _checks(
    draws: Draws, fresh: Draws, n: int, beta: float, prompts: str
) -> tuple[Prediction, ...]:
    best = check_best_of_n(draws, keep_best(fresh, n=n), n=n, prompts=prompts)
    if not math.isfinite(beta):
        return (best,)
    return (best, check_tilt(draws, fresh, beta=beta, prompts=prompts))
