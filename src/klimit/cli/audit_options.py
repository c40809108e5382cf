"""How ``klimit audit`` reads its tables."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cyclopts import Parameter

import klimit
from klimit.cli.console import hushed
from klimit.cli.context import naming
from klimit.cli.options import FormatName, TableOptions
from klimit.core.errors import InputError

if TYPE_CHECKING:
    from klimit import Draws

__all__ = ["AuditTables"]

_OURS = ("log_prob_policy", "log_prob_reference")


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class AuditTables(TableOptions):
    """How to read the policy's and the reference's draws.

    Attributes:
        prompt: Column with the prompt, text or id.
        reward: Column with the reward.
        policy: Which policy's draws to audit, where the table has a column policy.
        missing: What to do about draws without a reward or a log-probability.
        format: Format of the tables, or the tool whose logs they are; told by their content if
            not given.
        reference_format: That of the reference's table, where it is another.
        reference_policy: Which policy's draws are the reference's, where that table has a
            column policy.
        log_prob_policy: Column with the policy's log-probability of each of its draws, in nats,
            summed over the response.
        log_prob_reference: Column with the reference's.
    """

    reference_format: FormatName = None
    reference_policy: str | None = None
    log_prob_policy: str = "log_prob_policy"
    log_prob_reference: str = "log_prob_reference"

    def read_policy(self, path: str) -> "Draws":
        """Read the draws of the policy, with all their numbers and texts.

        Args:
            path: The table.

        Returns:
            The draws, their log-probabilities under klimit's names.

        Raises:
            InputError: A column named is not there.
        """
        theirs = (self.log_prob_policy, self.log_prob_reference)
        found = self._whole(path, self.policy, self.format, complete=theirs)
        columns = dict(found.columns)
        for name, ours in zip(theirs, _OURS, strict=True):
            if name == ours:
                continue
            if name not in columns:
                known = ", ".join(sorted(columns)) or "no numbers"
                raise InputError(
                    f"{path}: column {name!r}: needed log-probabilities in nats, the table has "
                    f"{known}; name the right one with --{ours.replace('_', '-')}"
                )
            columns[ours] = columns[name]
        return klimit.Draws.from_blocks(
            found.prompts, found.offsets, found.rewards, columns, found.texts
        )

    def read_reference(self, path: str) -> "Draws":
        """Read the draws of the reference.

        Args:
            path: The table.

        Returns:
            The draws.
        """
        with naming("reference-policy", instead_of="policy"):
            return self._whole(
                path, self.reference_policy, self.reference_format or self.format
            )

    def _whole(
        self,
        path: str,
        policy: str | None,
        written_as: FormatName,
        *,
        complete: tuple[str, ...] = (),
    ) -> "Draws":
        with hushed():
            return klimit.read_draws(
                path,
                prompt=self.prompt,
                reward=self.reward,
                policy=policy,
                complete=complete,
                missing=self.missing,
                format=written_as,
            )
