"""A small plot of characters: dots of Braille, or plain ASCII where there is nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite

__all__ = ["Sketch", "render_sketch"]

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_ASCII_LINE, _ASCII_FAR, _MARK = "*", ".", "o"

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Sketch:
    """A curve, some marks on it, and where the data end.

    Attributes:
        x: What the horizontal axis shows.
        y: What the vertical axis shows.
        curve: Points of the curve, by rising x.
        marks: Points to mark.
        mark_name: What they are.
        end: Where the data end; the curve is thin beyond.
    """

    x: str
    y: str
    curve: tuple[Point, ...]
    marks: tuple[Point, ...] = ()
    mark_name: str = ""
    end: float = float("inf")


def render_sketch(
    sketch: Sketch, *, width: int = 72, height: int = 12, encoding: str = "utf-8"
) -> str:
    """Draw a sketch.

    Args:
        sketch: What to draw.
        width: Columns, at least 30.
        height: Rows of the plot, its axis not counted.
        encoding: Encoding of the terminal; where it has no Braille, the plot is ASCII.

    Returns:
        Lines of text, none longer than ``width``.

    Example:
        >>> curve = tuple((x / 10, (x / 10) ** 0.5) for x in range(31))
        >>> marks = ((0.5, 0.6), (1.0, 1.0))
        >>> sketch = Sketch("KL, nats", "reward", curve, marks, "best-of-N", 2.0)
        >>> print(render_sketch(sketch, width=42, height=5, encoding="ascii"))
        reward
         1.73 |                       ............
              |            ***********:
              |     ******o*          :
              | *****o                :
            0 |**                     :
              +-----------------------------------
               0                                 3
               KL, nats   o best-of-N   : end of the data
    """
    canvas = _Canvas(sketch, max(width, 30), height, plain=not _has_braille(encoding))
    canvas.draw()
    return "\n".join(canvas.lines())


def _has_braille(encoding: str) -> bool:
    try:
        "⣿┊●│└─".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


class _Canvas:
    """Cells of 2 by 4 dots."""

    def __init__(self, sketch: Sketch, width: int, height: int, *, plain: bool) -> None:
        self.sketch, self.plain, self.height = sketch, plain, height
        self.points = [p for p in sketch.curve if isfinite(p[0]) and isfinite(p[1])]
        marks = [p for p in sketch.marks if isfinite(p[0]) and isfinite(p[1])]
        ys = [y for _, y in self.points + marks] or [0.0]
        self.right = max([x for x, _ in self.points + marks] + [0.0]) or 1.0
        self.low, self.high = min(ys), max(ys)
        self.margin = max(len(f"{value:.3g}") for value in (self.low, self.high)) + 2
        self.width = width - self.margin - 1
        self.dots: dict[tuple[int, int], int] = {}
        self.text: dict[tuple[int, int], str] = {}
        self.marks = marks

    def draw(self) -> None:
        if self.sketch.end < self.right:
            column = self._dot((self.sketch.end, self.low))[0] // 2
            for row in range(self.height):
                self.text[column, row] = ":" if self.plain else "┊"
        for step, (x, y) in enumerate(self._path()):
            far = x / (2 * self.width - 1) * self.right > self.sketch.end
            cell = (x // 2, y // 4)
            if self.plain:
                self.text[cell] = _ASCII_FAR if far else _ASCII_LINE
            elif not far or step % 4 < 2:
                self.dots[cell] = self.dots.get(cell, 0) | _DOTS[y % 4][x % 2]
        for mark in self.marks:
            x, y = self._dot(mark)
            self.text[x // 2, y // 4] = _MARK if self.plain else "●"
            self.dots.pop((x // 2, y // 4), None)

    def lines(self) -> list[str]:
        side, corner, flat = ("|", "+", "-") if self.plain else ("│", "└", "─")
        ends = {0: f"{self.high:.3g}", self.height - 1: f"{self.low:.3g}"}
        rows = [self.sketch.y]
        for row in range(self.height):
            cells = "".join(self._cell(column, row) for column in range(self.width))
            rows.append(f"{ends.get(row, ''):>{self.margin - 1}} {side}{cells}".rstrip())
        indent = " " * self.margin
        end = f"{self.right:.3g}"
        rows.append(indent + corner + flat * self.width)
        rows.append(f"{indent} 0{end:>{self.width - 1}}")
        return [*rows, f"{indent} {self._legend()}"]

    def _legend(self) -> str:
        parts = [self.sketch.x]
        if self.marks:
            parts.append(f"{_MARK if self.plain else '●'} {self.sketch.mark_name}")
        if self.sketch.end < self.right:
            parts.append(f"{':' if self.plain else '┊'} end of the data")
        return "   ".join(parts)

    def _cell(self, column: int, row: int) -> str:
        dots = self.dots.get((column, row), 0)
        return chr(0x2800 + dots) if dots else self.text.get((column, row), " ")

    def _dot(self, point: Point) -> tuple[int, int]:
        span = (self.high - self.low) or 1.0
        x = round(point[0] / self.right * (2 * self.width - 1))
        y = round((self.high - point[1]) / span * (4 * self.height - 1))
        return x, y

    def _path(self) -> Iterator[tuple[int, int]]:
        """Every dot of the curve, without gaps."""
        dots = [self._dot(point) for point in self.points]
        yield from dots[:1]
        for (x0, y0), (x1, y1) in pairwise(dots):
            steps = max(abs(x1 - x0), abs(y1 - y0))
            for step in range(1, steps + 1):
                yield (
                    round(x0 + (x1 - x0) * step / steps),
                    round(y0 + (y1 - y0) * step / steps),
                )
