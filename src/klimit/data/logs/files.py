"""The one file that is meant where a user names a folder of them."""

from pathlib import Path

from klimit.core.errors import InputError

__all__ = ["single_file"]


def single_file(source: object, pattern: str, *, what: str, step: str | None = None) -> object:
    """A folder's only file, or that of a step; whatever is no folder, as it is.

    Args:
        source: What the user named.
        pattern: Which files count, as ``"*.parquet"``.
        what: What a file holds: "step, each of another policy".
        step: Of several files the one to take, ``completions_00005`` being that of step 5.

    Returns:
        The path of the file, or ``source``.

    Raises:
        InputError: The folder holds none or several; the message names the last.
    """
    if not isinstance(source, str) or not Path(source).is_dir():
        return source
    files = sorted(Path(source).glob(pattern), key=lambda file: (len(file.name), file.name))
    files = [file for file in files if step == _step(file)] or files
    if len(files) == 1:
        return str(files[0])
    if not files:
        raise InputError(f"{source}: needed a file {pattern}, the folder has none")
    raise InputError(
        f"{source}: needed one file, the folder has {len(files)}, one a {what}; name one, "
        f"{str(files[-1])!r} say"
    )


def _step(file: Path) -> str:
    return file.stem.rpartition("_")[2].lstrip("0") or "0"
