"""Further sections of ``klimit report``: what other commands print, each under its question."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import klimit
from klimit.cli.audit_options import AuditTables
from klimit.cli.audit_shown import AuditAsked, present_audit
from klimit.cli.context import about, naming
from klimit.cli.options import StatisticsOptions, TableOptions
from klimit.cli.overopt import present_overopt
from klimit.cli.pages import section_of
from klimit.cli.plan_shown import PlanAsked, present_plan

if TYPE_CHECKING:
    from klimit import Draws
    from klimit.report import Section

__all__ = ["FurtherSections"]


@dataclass(frozen=True, slots=True)
class FurtherSections:
    """Which further questions a report answers.

    Attributes:
        source: The table of draws.
        table: How it is read.
        statistics: For whom the intervals hold.
        plan_kl: Budget in nats to plan for, or ``None``.
        gold: Columns with gold rewards.
        checkpoint: Table of a policy's draws, or ``None``.
        checkpoint_policy: Which policy's of it, or ``None``.
    """

    source: str
    table: TableOptions
    statistics: StatisticsOptions
    plan_kl: float | None
    gold: Sequence[str]
    checkpoint: str | None
    checkpoint_policy: str | None

    def of(self, draws: "Draws") -> "Iterator[Section]":
        """Answer them.

        Args:
            draws: The draws of the reference.

        Yields:
            A section a question.
        """
        reward, level, prompts = (
            self.table.reward,
            self.statistics.level,
            self.statistics.prompts,
        )
        if self.plan_kl is not None:
            with about(self.source):
                plan = klimit.plan(draws, kl=self.plan_kl, prompts=prompts, level=level)
            shown = present_plan(PlanAsked(self.source, reward), plan, draws)
            yield section_of(shown, title="Which setting reaches it, at what price?")
        if self.checkpoint is not None:
            policy = self._checkpoint(self.checkpoint)
            with about(self.checkpoint, self.source):
                found = klimit.audit(policy, reference=draws, prompts=prompts, level=level)
            asked = AuditAsked(self.checkpoint, self.source, reward)
            shown = present_audit(asked, found, draws)
            yield section_of(shown, title="How far is the checkpoint from the optimum?")
        if self.gold:
            with about(self.source):
                results = klimit.overoptimisation_of_each(
                    draws, golds=self.gold, prompts=prompts, level=level
                )
            shown = present_overopt(results, self.source, name=reward)
            yield section_of(shown, title="Is the gain real?")

    def _checkpoint(self, path: str) -> "Draws":
        tables = AuditTables(
            prompt=self.table.prompt,
            reward=self.table.reward,
            missing=self.table.missing,
            policy=self.checkpoint_policy,
        )
        with naming("checkpoint-policy", instead_of="policy"):
            return tables.read_policy(path)
