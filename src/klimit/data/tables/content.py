"""The bytes of a table: a file, a pipe, unpacked if need be."""

import difflib
import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from klimit.core.errors import InputError

__all__ = ["Content", "read_content"]

_HEAD = 1 << 16
_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_GLOB = frozenset("*?[")


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """A file that polars may scan by its path, or bytes that had to be read.

    Attributes:
        name: What messages call it.
        head: Its first bytes.
        path: The path, where polars can read the file itself.
        data: All the bytes, where it cannot: a pipe, gzip, a byte order mark.
    """

    name: str
    head: bytes
    path: Path | None
    data: bytes

    def source(self) -> Path | io.BytesIO:
        """What polars reads: the path or a fresh stream."""
        return io.BytesIO(self.data) if self.path is None else self.path

    def lines(self) -> Iterator[tuple[int, str]]:
        """The lines with their numbers from 1, as text.

        Yields:
            Number and text of each line, its end included.

        Raises:
            InputError: A line is not UTF-8.
        """
        stream = io.BytesIO(self.data) if self.path is None else self.path.open("rb")
        with closing(stream):
            for number, line in enumerate(stream, start=1):
                try:
                    yield number, line.decode()
                except UnicodeDecodeError as error:
                    byte = line[error.start]
                    read = line[max(0, error.start - 12) : error.start + 8].decode("latin-1")
                    raise InputError(
                        f"{self.name}: row {number}: needed UTF-8 text, got the byte "
                        f"0x{byte:02x} in {read!r}; save the file as UTF-8"
                    ) from error


def read_content(path: str) -> Content:
    """Open a file, or standard input for ``"-"``.

    Args:
        path: Path of the file.

    Returns:
        Its content, not empty.

    Raises:
        InputError: There is no such file, it cannot be read, or it is empty.
    """
    if path == "-":
        return _content("standard input", _standard_input(), None)
    name = path if path.isprintable() and path else repr(path)
    return _content(name, *_bytes(path, name))


def _bytes(path: str, name: str) -> tuple[bytes, Path | None]:
    """The bytes of a file, or its first ones and its path where polars can read it itself."""
    try:
        return _file(Path(path))
    except FileNotFoundError as error:
        raise InputError(f"{name}: no such file{_similar(Path(path))}") from error
    except IsADirectoryError as error:
        raise InputError(
            f"{name}: needed a file, got a directory{_inside(Path(path))}"
        ) from error
    except PermissionError as error:
        raise InputError(f"{name}: not allowed to read this file; check its owner") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{name}: cannot be read: {error}") from error


def _standard_input() -> bytes:
    if sys.stdin is None or sys.stdin.isatty():
        raise InputError("standard input: needed a table, got a terminal; pipe a file into it")
    return sys.stdin.buffer.read()


def _file(path: Path) -> tuple[bytes, Path | None]:
    with path.open("rb") as file:
        head = file.read(_HEAD)
        by_path = path.is_file() and not head.startswith((_BOM, _GZIP))
        if by_path and not _GLOB.intersection(str(path)):
            return head, path
        return head + file.read(), None


def _content(name: str, data: bytes, path: Path | None) -> Content:
    """Unpack gzip and drop the byte order mark."""
    if data.startswith(_GZIP):
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(
                f"{name}: needed whole gzip data, got {error}; pack it again"
            ) from error
    data = data.removeprefix(_BOM)
    if not data.strip():
        raise InputError(
            f"{name}: needed a table, got an empty file ({len(data)} bytes); write it again"
        )
    return Content(name, data[:_HEAD], path, b"" if path else data)


def _similar(path: Path) -> str:
    try:
        names = [other.name for other in path.parent.iterdir()]
    except (OSError, ValueError):
        return f"; there is no folder {str(path.parent)!r}"
    close = difflib.get_close_matches(path.name, names, n=1)
    return f"; did you mean {str(path.with_name(close[0]))!r}?" if close else "; check the path"


def _inside(path: Path) -> str:
    tables = sorted(
        str(file)
        for pattern in ("*.parquet", "*.jsonl", "*.csv", "*.arrow")
        for file in path.glob(pattern)
    )
    return f"; name one of its files, {tables[0]!r} say" if tables else "; name a file"
