"""What a file is, told by its first bytes."""

from klimit.core.errors import InputError
from klimit.data.formats import TableFormat

__all__ = ["refuse_encoding", "sniff"]

PARQUET = (b"PAR1", b"PARE")
ARROW = (b"ARROW1", b"\xff\xff\xff\xff")

_FOREIGN = {
    b"PK\x03\x04": "an Excel workbook or zip archive; save the sheet as CSV UTF-8 or unpack it",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; save the sheet as CSV UTF-8",
    b"SQLite format 3": "an SQLite database; export the table as CSV",
    b"\x89HDF": "an HDF5 file; write the table as Parquet",
    b"\x93NUMPY": "a numpy array; use Draws.from_matrix",
    b"\x80\x04": "a pickle; write the table as Parquet",
    b"\x80\x05": "a pickle; write the table as Parquet",
    b"BZh": "bzip2; unpack it first",
    b"\xfd7zXZ": "xz; unpack it first",
    b"\x28\xb5\x2f\xfd": "zstd; unpack it first",
    b"\x1f\x8b": "gzip data within gzip; unpack it first",
    b"ORC": "an ORC file; write the table as Parquet",
    b"Obj\x01": "an Avro file; write the table as Parquet",
    b"<!DO": "an HTML page; download the file itself",
    b"<htm": "an HTML page; download the file itself",
    b"version https://git-lfs": "a Git LFS pointer; fetch the file itself with git lfs pull",
}
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def sniff(head: bytes, *, name: str) -> TableFormat:
    """The format of a table.

    Args:
        head: The first bytes of the file, some hundreds at least where it has them.
        name: What messages call the file.

    Returns:
        The format.

    Raises:
        InputError: It is none that klimit reads.

    Example:
        >>> sniff(b'{"prompt": "a", "reward": 1}', name="draws")
        'jsonl'
    """
    if head.startswith(PARQUET):
        return "parquet"
    if head.startswith(ARROW):
        return "arrow"
    for magic, what in _FOREIGN.items():
        if head.startswith(magic):
            raise InputError(f"{name}: needed Parquet, JSON lines or CSV, got {what}")
    refuse_encoding(head, name=name)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"{"):
        return "jsonl"
    return "json" if text.startswith(b"[") else "csv"


def refuse_encoding(head: bytes, *, name: str) -> None:
    """Refuse bytes that cannot be UTF-8 text.

    Args:
        head: The first bytes of the file.
        name: What messages call the file.

    Raises:
        InputError: They are UTF-16 or not text at all.
    """
    odd, even = head[1:64:2], head[:64:2]
    if head.startswith(_UTF16) or (odd.count(0) > len(odd) // 2 and not even.count(0)):
        raise InputError(f"{name}: needed UTF-8 text, got UTF-16; save the file as UTF-8")
    if b"\0" in head[:4096]:
        raise InputError(
            f"{name}: needed Parquet, JSON lines or CSV, got binary data that begins "
            f"{head[:8]!r}; write the table as Parquet"
        )
