"""The steps of ``klimit demo``: draw, score, estimate, run best-of-N on fresh draws, report."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

from klimit import Draws, __version__, estimate_frontier
from klimit.cli.console import say
from klimit.cli.progress import progress_of
from klimit.cli.report import ReportRequest, report_on
from klimit.core.digits import measured
from klimit.core.errors import InsufficientDataError
from klimit.data.journal import Journal
from klimit.data.run import DrawRecord, RunDirectory, open_run
from klimit.data.write import write_table
from klimit.estimate.best_of import BestOfPoint, best_of_n_within
from klimit.estimate.prediction import Prediction, check_best_of_n, check_tilt
from klimit.models.backends.registry import open_model
from klimit.models.protocols import LanguageModel
from klimit.models.rewards.score import score
from klimit.models.weights import KNOWN_WEIGHTS
from klimit.sample.best_of import keep_best
from klimit.sample.draw import Drawn, Wanted, draw_all

if TYPE_CHECKING:
    from klimit.cli.demo import Asked
    from klimit.report import Document

__all__ = ["DemoRun"]

_FRACTIONS = (0.1, 0.25, 0.5, 1.0)
_FRESH = 12  # fresh draws a prompt, at least, so that the check says something
_SCORED_AT_ONCE = 256


class DemoRun:
    """One demo, its model and run directory open.

    Attributes:
        problems: Why responses have no reward, and how many each reason struck.
    """

    def __init__(
        self, asked: "Asked", model: LanguageModel, run: RunDirectory, scores: Journal
    ) -> None:
        self._asked, self._model, self._run, self._scores = asked, model, run, scores
        self._known = {
            (entry["prompt"], entry["draw"]): float(str(entry["reward"]))
            for entry in scores.entries
        }
        self.problems: Counter[str] = Counter()

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
        if not self.problems:
            return ""
        reasons = "; ".join(f"{count}: {why}" for why, count in self.problems.items())
        return (
            f"{self.problems.total()} responses have no reward from {self._asked.reward.name} "
            f"({reasons}); they are kept in {self._run.folder} and left out of all estimates"
        )

    def carry_out(self) -> "Document":
        """Do everything that has not been done yet.

        Returns:
            The report.
        """
        asked = self._asked
        draws = self._draws(range(asked.draws), "draws.parquet")
        prompts = "sampled" if len(draws.prompts) > 1 else "fixed"
        chosen = best_of_n_within(draws, kl=asked.kl, prompts=prompts)
        beta = estimate_frontier(draws, kl=asked.kl, prompts=prompts).points[0].beta
        say("note", _choice(asked.kl, chosen, beta))
        more = chosen.n * max(2, _FRESH // chosen.n)
        fresh = self._draws(range(asked.draws, asked.draws + more), "fresh.parquet")
        request = ReportRequest(
            reward_name=asked.reward.label,
            kl=tuple(asked.kl * fraction for fraction in _FRACTIONS),
            n=tuple(sorted({*_powers_of_two(draws), chosen.n})),
            prompts=prompts,
        )
        checks = _checks(draws, fresh, chosen.n, beta, prompts)
        return report_on(draws, request, checks=checks, source=self._source(more))

    def _draws(self, wanted: range, table: str) -> Draws:
        """Some draws of every prompt with their rewards, made where they are missing."""
        self._make(wanted)
        records = [
            self._run.record(index, draw)
            for index in range(len(self._asked.prompts))
            for draw in wanted
        ]
        rewards = self._rewards(records)
        write_table(
            [
                self._row(record, reward)
                for record, reward in zip(records, rewards, strict=True)
            ],
            self._run.folder / table,
        )
        kept = [k for k, reward in enumerate(rewards) if not math.isnan(reward)]
        if not kept:
            raise InsufficientDataError(self.unscored)
        return Draws.from_columns(
            prompt=[self._asked.prompts[records[k].prompt] for k in kept],
            reward=[rewards[k] for k in kept],
            response=[records[k].response for k in kept],
        )

    def _make(self, wanted: range) -> None:
        lists = [
            Wanted(index, prompt, self._run.missing(index, wanted))
            for index, prompt in enumerate(self._asked.prompts)
        ]
        total = sum(len(want.draws) for want in lists)
        if total == 0:
            return
        there = len(lists) * len(wanted) - total
        if there:
            say("note", f"{there:,} draws are there already, {total:,} are missing")
        with progress_of("drawing", total=total, unit="draws") as advance:

            def keep(drawn: list[Drawn]) -> None:
                self._run.add([_record(one) for one in drawn])
                advance(len(drawn))

            draw_all(
                self._model,
                lists,
                seed=self._asked.seed,
                max_tokens=self._asked.max_tokens,
                on_drawn=keep,
            )
        self._run.note(self._model.conditions)

    def _rewards(self, records: Sequence[DrawRecord]) -> list[float]:
        """The reward of each response, asked for where it is not known yet; nan for none."""
        new = [r for r in records if self._known.get((r.prompt, r.draw)) is None]
        for start in range(0, len(new), _SCORED_AT_ONCE):
            batch = new[start : start + _SCORED_AT_ONCE]
            scores = score(
                self._asked.reward,
                prompts=[self._asked.prompts[record.prompt] for record in batch],
                responses=[record.response for record in batch],
            )
            self.problems.update(scores.problems)
            for record, reward in zip(batch, scores.rewards.tolist(), strict=True):
                if not math.isnan(reward):
                    self._known[record.prompt, record.draw] = reward
                    entry = {"prompt": record.prompt, "draw": record.draw, "reward": reward}
                    self._scores.append(entry)
        return [self._known.get((record.prompt, record.draw), math.nan) for record in records]

    def _row(self, record: DrawRecord, reward: float) -> dict[str, str | int | float | None]:
        return {
            "prompt_id": record.prompt,
            "prompt": self._asked.prompts[record.prompt],
            "draw": record.draw,
            "seed": record.seed,
            "response": record.response,
            "tokens": record.tokens,
            "finished": record.finished,
            "log_prob_reference": record.log_prob,
            "reward": None if math.isnan(reward) else reward,
        }

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


def _record(drawn: Drawn) -> DrawRecord:
    completion = drawn.completion
    return DrawRecord(
        prompt=drawn.index,
        draw=drawn.draw,
        seed=drawn.seed,
        response=completion.text,
        tokens=completion.tokens,
        log_prob=None if math.isnan(completion.log_prob) else completion.log_prob,
        finished=completion.finished,
    )


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


def _powers_of_two(draws: Draws) -> list[int]:
    """1, 2, 4 and so on, up to half of the fewest draws that a prompt has."""
    most = max(1, int(draws.counts.min()) // 2)
    return [2**k for k in range(most.bit_length())]
