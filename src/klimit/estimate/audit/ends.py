"""An estimate between two ends, which may be unequally far."""

from dataclasses import dataclass

__all__ = ["Interval"]


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and the ends of its interval, which need not be symmetric.

    Attributes:
        value: The estimate.
        low: Lower end.
        high: Upper end.
    """

    value: float
    low: float
    high: float

    @property
    def down(self) -> float:
        """How far the lower end is from the value."""
        return self.value - self.low

    @property
    def up(self) -> float:
        """How far the upper end is from the value."""
        return self.high - self.value

    def within(self, least: float, most: float) -> "Interval":
        """Value and interval where the truth is known to lie between two bounds.

        A value beyond a bound is moved to it, and its interval with it, so that the interval
        is never empty and never shorter than noise alone makes it.

        Args:
            least: Lower bound, perhaps ``-inf``.
            most: Upper bound, perhaps ``inf``.

        Returns:
            The interval within the bounds.

        Example:
            >>> Interval(-0.1, -0.3, 0.1).within(0.0, float("inf"))
            Interval(value=0.0, low=0.0, high=0.2)
        """
        value = min(max(self.value, least), most)
        low, high = value - self.down, value + self.up
        return Interval(value, min(max(low, least), most), max(min(high, most), least))
