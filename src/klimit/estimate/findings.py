"""What a result wants its reader to know: facts with stable codes."""

from dataclasses import dataclass

from klimit.core.results import Result

__all__ = ["Finding"]


@dataclass(frozen=True, slots=True, eq=False)
class Finding(Result):
    """A fact about the data or the result, and what to do about it.

    Attributes:
        code: Stable name of the kind of fact, lower case with hyphens.
        message: The fact, with its numbers.
        advice: What to do, one sentence.
    """

    code: str
    message: str
    advice: str

    def __str__(self) -> str:
        """Code, fact and advice in one line.

        Example:
            >>> print(Finding("cut-off", "3 of 9 draws were cut off", "Draw longer ones."))
            cut-off: 3 of 9 draws were cut off. Draw longer ones.
        """
        return f"{self.code}: {self.message}. {self.advice}"
