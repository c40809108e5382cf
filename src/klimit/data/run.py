"""A run directory: every draw and reward on disk as it arrives, and what produced them."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from klimit.core.errors import InputError
from klimit.data.journal import Journal
from klimit.data.write import write_whole

if sys.platform != "win32":  # pragma: no branch
    import fcntl

__all__ = ["DrawRecord", "RunDirectory", "open_run"]

_MANIFEST: Final = "manifest.json"
_CONDITIONS: Final = "conditions"


@dataclass(frozen=True, slots=True)
class DrawRecord:
    """One draw, as it came.

    Attributes:
        prompt: Index of the prompt.
        draw: Index of the draw for that prompt.
        seed: Its seed.
        response: The text.
        tokens: Number of its tokens, or ``None`` where the backend does not tell.
        log_prob: Its log-probability in nats, or ``None`` where the backend does not tell.
        finished: Whether the model ended it itself.
    """

    prompt: int
    draw: int
    seed: int
    response: str
    tokens: int | None
    log_prob: float | None
    finished: bool


class RunDirectory:
    """The draws of a run; `open_run` opens one.

    Attributes:
        folder: The directory.
    """

    def __init__(self, folder: Path, draws: Journal) -> None:
        self.folder = folder
        self._draws = draws
        self._records: dict[tuple[int, int], DrawRecord] = {}
        for number, entry in enumerate(draws.entries, start=1):
            record = _record(entry, draws.path, number)
            self._records[record.prompt, record.draw] = record

    def record(self, prompt: int, draw: int) -> DrawRecord:
        """A draw that is there.

        Args:
            prompt: Index of the prompt.
            draw: Index of the draw.

        Returns:
            Its record.
        """
        return self._records[prompt, draw]

    def missing(self, prompt: int, draws: range) -> list[int]:
        """The draws of a prompt that are not there yet.

        Args:
            prompt: Index of the prompt.
            draws: Indices of the draws wanted.

        Returns:
            Those without a record, rising.
        """
        return [draw for draw in draws if (prompt, draw) not in self._records]

    def add(self, records: Sequence[DrawRecord]) -> None:
        """Write draws to disk; those that are there already are left as they are.

        Args:
            records: The draws.
        """
        for record in records:
            key = (record.prompt, record.draw)
            if key not in self._records:
                self._draws.append(asdict(record))
                self._records[key] = record

    @property
    def conditions(self) -> dict[str, str]:
        """Under what conditions the draws were made, as `note` was told."""
        conditions = _manifest(self.folder).get(_CONDITIONS)
        return dict(conditions) if isinstance(conditions, dict) else {}

    def note(self, conditions: Mapping[str, str]) -> None:
        """Keep under what conditions the draws were made.

        Args:
            conditions: What is known only once draws have been made.
        """
        _write_manifest(self.folder, {**_manifest(self.folder), _CONDITIONS: dict(conditions)})


@contextmanager
def open_run(folder: Path, settings: Mapping[str, object]) -> Iterator[RunDirectory]:
    """Open a run directory: a new one, or one with the same settings to go on with.

    Args:
        folder: The directory, made if it is not there.
        settings: All that the draws depend on, as JSON values; kept in ``manifest.json``.

    Yields:
        The run, which no other process can open meanwhile.

    Raises:
        InputError: The directory holds another run or something else, cannot be written, or is
            in use.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with open_run(Path(folder), {"seed": 0}) as run:
        ...         run.add([DrawRecord(0, 0, 7, "Hello.", 3, -5.5, True)])
        ...     with open_run(Path(folder), {"seed": 0}) as run:
        ...         run.missing(0, range(3))
        [1, 2]
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{str(folder)!r} cannot hold a run: {error.strerror}") from error
    with Journal(folder / "draws.jsonl") as draws:
        _lock(draws, folder)
        _agree(folder, settings)
        yield RunDirectory(folder, draws)


def _lock(journal: Journal, folder: Path) -> None:
    if sys.platform == "win32":  # pragma: no cover  (files cannot be locked there)
        return
    try:
        fcntl.flock(journal.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise InputError(
            f"{str(folder)!r} is in use by another run; wait for it or give another --out"
        ) from error


def _agree(folder: Path, settings: Mapping[str, object]) -> None:
    wanted = json.loads(json.dumps(settings))
    if not (folder / _MANIFEST).exists():
        _write_manifest(folder, wanted)
        return
    there = {k: value for k, value in _manifest(folder).items() if k != _CONDITIONS}
    for name in dict.fromkeys([*wanted, *there]):
        if there.get(name) != wanted.get(name):
            raise InputError(
                f"{str(folder)!r} holds a run with another {name}: {_short(there.get(name))} "
                f"there, {_short(wanted.get(name))} here; give another --out"
            )


def _manifest(folder: Path) -> dict[str, object]:
    path = folder / _MANIFEST
    try:
        manifest = json.loads(path.read_bytes())
    except ValueError:
        manifest = None
    if not isinstance(manifest, dict):
        raise InputError(f"{str(path)!r} is not the manifest of a run; give another --out")
    return manifest


def _write_manifest(folder: Path, manifest: Mapping[str, object]) -> None:
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    write_whole(folder / _MANIFEST, lambda file: file.write(text.encode()))


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:79]}…"


def _record(entry: Mapping[str, object], path: Path, number: int) -> DrawRecord:
    try:
        return DrawRecord(**entry)  # type: ignore[arg-type]
    except TypeError as error:
        raise InputError(
            f"{str(path)!r} line {number} is not a draw; remove the line, and it is made again"
        ) from error
