"""An append-only file of JSON lines that survives the end of its process at any moment."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from klimit.core.errors import InputError

__all__ = ["Journal"]


class Journal:
    """JSON lines, each handed to the operating system before the next is looked at.

    A last line cut short by the end of a process is cut off when the file is opened again.

    Attributes:
        path: The file.
        entries: The lines that were there when it was opened.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with Journal(Path(folder) / "log.jsonl") as journal:
        ...         journal.append({"draw": 0})
        ...     with Journal(Path(folder) / "log.jsonl") as journal:
        ...         journal.entries
        [{'draw': 0}]
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = path.open("a+b")
        except OSError as error:
            raise InputError(f"{str(path)!r} cannot be written: {error.strerror}") from error
        try:
            self.entries = self._read()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> "Journal":
        """The open journal."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._file.close()

    def fileno(self) -> int:
        """The descriptor of the file, for a lock on it."""
        return self._file.fileno()

    def append(self, entry: Mapping[str, object]) -> None:
        """Write a line.

        Args:
            entry: JSON values; no ``nan`` or infinity.
        """
        line = json.dumps(entry, ensure_ascii=False, allow_nan=False)
        self._file.write(line.encode("utf-8", errors="backslashreplace") + b"\n")
        self._file.flush()

    def _read(self) -> list[dict[str, object]]:
        self._file.seek(0)
        entries: list[dict[str, object]] = []
        end = 0
        for number, line in enumerate(self._file, start=1):
            if not line.endswith(b"\n"):
                break
            entries.append(self._entry(line, number))
            end += len(line)
        self._file.seek(0, os.SEEK_END)
        if self._file.tell() > end:
            self._file.truncate(end)
        return entries

    def _entry(self, line: bytes, number: int) -> dict[str, object]:
        try:
            entry = json.loads(line)
        except ValueError:
            entry = None
        if not isinstance(entry, dict):
            raise InputError(
                f"{str(self.path)!r} line {number} is not a JSON object; remove the line, and "
                "what it held is made again"
            )
        return entry
