"""What every result has in common: one line to print, a dictionary to keep."""

import dataclasses
from math import floor, isfinite, log10

import numpy as np

__all__ = ["Estimate", "Result"]

_LONG = 1e15  # a size from which on numbers are shown with an exponent


class Result:
    """The base of every result: a frozen record that prints as one line.

    Example:
        >>> estimate = Estimate(0.41237, 0.0131, 0.386, 0.439, 0.95, 2000, "t")
        >>> estimate.to_dict()["standard_error"]
        0.0131
    """

    __slots__ = ()

    def to_dict(self) -> dict[str, object]:
        """The fields as plain Python: numbers, strings, lists and dictionaries.

        Infinite values stay ``float("inf")``; what writes JSON turns them into strings.

        Returns:
            A dictionary with one entry a field, in the order of the fields.
        """
        return {name: _plain(value) for name, value in _fields(self)}

    def __str__(self) -> str:
        """The scalar fields in one line, arrays and nested results left out."""
        shown = [
            f"{name}={_short(value)}"
            for name, value in _fields(self)
            if isinstance(value, str | bool | int | float | Estimate)
        ]
        return f"{type(self).__name__}({', '.join(shown)})"


@dataclasses.dataclass(frozen=True, slots=True)
class Estimate(Result):
    """A statistic, its standard error and its confidence interval.

    Attributes:
        value: The point estimate.
        standard_error: Its standard error; 0 only where the data leave no doubt, never for
            "unknown".
        low: Lower end of the interval.
        high: Upper end of the interval.
        level: Nominal coverage of the interval, in (0, 1).
        n: Number of independent units behind the estimate.
        method: How the interval was made, for example ``"t, clustered by prompt"``.
    """

    value: float
    standard_error: float
    low: float
    high: float
    level: float
    n: int
    method: str

    def __str__(self) -> str:
        """The value at the precision its error supports.

        Example:
            >>> str(Estimate(0.41237, 0.0131, 0.386, 0.439, 0.95, 2000, "t"))
            '0.412 ± 0.013'
        """
        if not (isfinite(self.standard_error) and self.standard_error > 0):
            return f"{self.value:.6g} ± {self.standard_error:.6g}"
        if self.standard_error < 1e-15 * abs(self.value):  # beyond the digits of a float
            return f"{self.value:.15g} ± {self.standard_error:.1e}"
        if max(abs(self.value), self.standard_error) >= _LONG:
            digits = max(_exponent(self.value) - _exponent(self.standard_error), 0) + 2
            return f"{self.value:.{digits}g} ± {self.standard_error:.2g}"
        decimals = max(0, 1 - _exponent(self.standard_error))
        return f"{self.value:.{decimals}f} ± {self.standard_error:.{decimals}f}"


def _exponent(x: float) -> int:
    return floor(log10(abs(x))) if x else 0


def _fields(result: object) -> list[tuple[str, object]]:
    if not dataclasses.is_dataclass(result):
        return []
    return [(field.name, getattr(result, field.name)) for field in dataclasses.fields(result)]


def _plain(value: object) -> object:
    match value:
        case Result():
            return value.to_dict()
        case np.ndarray() | np.generic():
            return value.tolist()
        case dict():
            return {str(key): _plain(item) for key, item in value.items()}
        case tuple() | list():
            return [_plain(item) for item in value]
        case _:
            return value


def _short(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
