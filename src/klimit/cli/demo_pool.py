"""Draws of the demo's prompts with their rewards, each made once and kept in the run."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from klimit import Draws
from klimit.cli.console import say
from klimit.cli.progress import progress_of
from klimit.core.errors import InsufficientDataError
from klimit.data.journal import Journal
from klimit.data.run import DrawRecord, RunDirectory
from klimit.data.write import write_table
from klimit.models.protocols import LanguageModel
from klimit.models.rewards.score import score
from klimit.sample.draw import Drawn, Wanted, draw_all

if TYPE_CHECKING:
    from klimit.cli.demo import Asked

__all__ = ["ScoredPool"]

_SCORED_AT_ONCE = 256
_SURELY = 8  # responses heard before from which on a model that samples would have differed


class ScoredPool:
    """The draws of a run and their rewards; what is missing is drawn or scored when asked for.

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

    def draws(self, wanted: range, table: str) -> Draws:
        """Some draws of every prompt with their rewards, made where they are missing.

        Args:
            wanted: Indices of the draws.
            table: Name of the file in the run directory that they are written to as well.

        Returns:
            Those that have a reward.

        Raises:
            InsufficientDataError: None has one, or the model said the same each time.
        """
        self._make(wanted)
        records = [
            self._run.record(index, draw)
            for index in range(len(self._asked.prompts))
            for draw in wanted
        ]
        self._check_sampled(records)
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
                on_stop=_say_waiting,
            )
        self._run.note(self._model.conditions)

    def _check_sampled(self, records: Sequence[DrawRecord]) -> None:
        """An endpoint that decodes greedily, or answers from a cache, draws from no policy."""
        heard = {(record.prompt, record.response) for record in records}
        prompts = len(self._asked.prompts)
        if len(heard) == prompts and len(records) - prompts >= _SURELY:
            raise InsufficientDataError(
                f"all {len(records) // prompts} draws of each prompt are one and the same "
                f"response: {self._model.name} does not sample (it decodes greedily, or a "
                "cache ignores the seed); let it sample and draw into another --out"
            )

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


def _say_waiting(draws: int) -> None:
    if draws:
        say("note", f"stopping; waiting for {draws} draws on their way (Ctrl-C drops them)")


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
