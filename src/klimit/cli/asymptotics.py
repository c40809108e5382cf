"""``klimit asymptotics``."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from rich.console import Console

import klimit
from klimit.cli.console import say, stdout
from klimit.cli.format import json_line
from klimit.cli.options import TableOptions, WholeNumbers
from klimit.core.errors import InputError

if TYPE_CHECKING:
    from klimit.exact.claims import Setting
    from klimit.report.claims.chapter import Chapter

__all__ = ["asymptotics"]

_FOLDER = Path("asymptotics")
_FIGURES = ("svg", "pdf")


def asymptotics(
    *,
    claim: Annotated[WholeNumbers, Parameter(show_default=False)] = (),
    model: Annotated[Path | None, Parameter(show_default=False)] = None,
    from_draws: Annotated[str | None, Parameter(show_default=False)] = None,
    kl: Annotated[float | None, Parameter(show_default=False)] = None,
    lengths: WholeNumbers = (25, 50, 100, 200, 400, 800, 1600),
    out: Annotated[Path | None, Parameter(show_default=False)] = None,
    as_json: Annotated[bool, Parameter(name="--json", show_default=False)] = False,
    table: TableOptions = TableOptions(),  # noqa: B008  (frozen)
) -> None:
    """Put every claim about the asymptotics of alignment to the test, by exact numbers.

    A reference policy of independent symbols whose rewards are summed: its frontier, how far
    other policies are from it, tails and cumulants at growing lengths, best-of-N beside the
    optimum, and what does not hold. One page with the numbers beside each figure, and the
    figures as SVG and PDF.

    Args:
        claim: Only these claims, as 1,5 or repeated.
        model: Symbols of your own: a CSV file with columns probability and reward, or JSON.
        from_draws: Take the rewards of a table of draws as symbols, equally probable.
        kl: Budget in nats per symbol; 0.2, or half the ceiling where that is less.
        lengths: Numbers of symbols.
        out: Folder for page and figures; asymptotics if not given, and none with --json.
        as_json: Print every number as one JSON object.
        table: How to read the table of draws.
    """
    claims = _claims()
    asked = _checked(claim, known=list(claims))
    folder = out if out is not None or as_json else _FOLDER
    settings = _settings(model, from_draws, kl, lengths, table)
    if folder is not None:
        _make(folder)
    with Console(file=sys.stderr).status("") as status:  # seen on a terminal alone
        chapters = []
        for number in asked:
            status.update(f"claim {number}")
            chapters.append(claims[number](settings))
        status.update("drawing")
        if folder is not None:
            _write(chapters, settings, folder, source=_source(model, from_draws))
    if as_json:
        _print_json(chapters, settings)
    else:
        _print_findings(chapters)


Claim = Callable[[Sequence["Setting"]], "Chapter"]


def _claims() -> dict[int, Claim]:
    """Each claim by its number: compute it in every setting, then show it."""
    from klimit.exact import claims as exact
    from klimit.report import claims as shown

    return {
        1: lambda settings: shown.frontier_chapter([*map(exact.frontier_claim, settings)]),
        2: lambda settings: shown.certificate_chapter(
            [*map(exact.certificate_claim, settings)]
        ),
        3: lambda settings: shown.tail_chapter([*map(exact.tail_claim, settings)]),
        4: lambda settings: shown.cumulant_chapter([*map(exact.cumulant_claim, settings)]),
        5: lambda settings: shown.best_of_n_chapter([*map(exact.best_of_n_claim, settings)]),
        6: lambda settings: shown.limits_chapter([*map(exact.limits_claim, settings)]),
        7: lambda settings: shown.random_n_chapter([*map(exact.random_n_claim, settings)]),
    }


def _checked(asked: Sequence[int], *, known: Sequence[int]) -> list[int]:
    for number in asked:
        if number not in known:
            raise InputError(
                f"--claim: needed one of {', '.join(map(str, known))}, got {number}"
            )
    return sorted(set(asked)) or list(known)


def _settings(
    model: Path | None,
    from_draws: str | None,
    kl: float | None,
    lengths: tuple[int, ...],
    table: TableOptions,
) -> "tuple[Setting, ...]":
    from klimit.exact.claims import example_settings, setting_of

    if model is not None and from_draws is not None:
        raise InputError("--model and --from-draws each give the symbols; take one of them")
    if model is not None:
        from klimit.data.symbols import read_symbols

        return (setting_of(read_symbols(model), name=model.stem, kl=kl, lengths=lengths),)
    if from_draws is not None:
        symbols = _from_draws(from_draws, table)
        return (setting_of(symbols, name=Path(from_draws).stem, kl=kl, lengths=lengths),)
    return example_settings(kl=kl, lengths=lengths)


def _from_draws(path: str, table: TableOptions) -> "klimit.FiniteModel":
    import numpy as np

    rewards, counts = np.unique(table.read(path).rewards, return_counts=True)
    return klimit.FiniteModel.from_probs(counts / counts.sum(), rewards)


def _source(model: Path | None, from_draws: str | None) -> list[str]:
    if model is not None:
        return [f"symbols: {model}"]
    if from_draws is not None:
        return [f"draws: {from_draws}, all prompts together, each reward a symbol"]
    return []


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{str(folder)!r} cannot be made: {error.strerror or error}"
        ) from error


def _write(
    chapters: "Sequence[Chapter]",
    settings: "Sequence[Setting]",
    folder: Path,
    *,
    source: Sequence[str],
) -> None:
    from klimit.plot import save_figure
    from klimit.report import Picture, write_html
    from klimit.report.claims import claims_document

    document = claims_document(chapters, settings, source=source)
    figures = [
        block.wide
        for section in document.sections
        for block in section.blocks
        if isinstance(block, Picture)
    ]
    page = write_html(document, folder / "asymptotics.html")
    for chapter, figure in zip(chapters, figures, strict=True):
        figure.set_layout_engine("none")  # it has been laid out for the page
        for kind in _FIGURES:
            save_figure(figure, folder / f"{chapter.number}-{chapter.name}.{kind}")
    say("note", f"wrote {page} and {len(chapters)} figures as {' and '.join(_FIGURES)}")


def _print_json(chapters: "Sequence[Chapter]", settings: "Sequence[Setting]") -> None:
    value = {
        "klimit": klimit.__version__,
        "command": "asymptotics",
        "settings": [setting.to_dict() for setting in settings],
        "claims": [
            {
                "claim": chapter.number,
                "title": chapter.title,
                "holds": chapter.holds,
                "findings": [note.text for note in chapter.notes],
                "results": [result.to_dict() for result in chapter.results],
            }
            for chapter in chapters
        ],
    }
    sys.stdout.write(json_line(value) + "\n")


def _print_findings(chapters: "Sequence[Chapter]") -> None:
    from klimit.report import Document, Section, print_document

    sections = [
        Section(f"{chapter.number}. {chapter.title}", chapter.notes) for chapter in chapters
    ]
    print_document(Document("Claim by claim", sections=tuple(sections)), stdout())
