"""The one file that is meant where a user names a folder of them."""

from pathlib import Path

from klimit.core.errors import InputError

__all__ = ["single_file"]


def single_file(source: object, pattern: str, *, what: str) -> object:
    """A folder's only file; whatever is no folder, as it is.

    Args:
        source: What the user named.
        pattern: Which files count, as ``"*.parquet"``.
        what: What a file holds: "step, each of another policy".

    Returns:
        The path of the file, or ``source``.

    Raises:
        InputError: The folder holds none or several; the message names the last.
    """
    if not isinstance(source, str) or not Path(source).is_dir():
        return source
    files = sorted(Path(source).glob(pattern), key=lambda file: (len(file.name), file.name))
    if len(files) == 1:
        return str(files[0])
    if not files:
        raise InputError(f"{source}: needed a file {pattern}, the folder has none")
    raise InputError(
        f"{source}: needed one file, the folder has {len(files)}, one a {what}; name one, "
        f"{str(files[-1])!r} say"
    )
