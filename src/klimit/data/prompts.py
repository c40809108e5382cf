"""Lists of prompts: from a file, or the everyday ones that come along."""

import json
from importlib.resources import files
from pathlib import Path

from klimit.core.errors import InputError

__all__ = ["everyday_prompts", "read_prompts"]


def everyday_prompts() -> list[str]:
    """Sixteen everyday prompts.

    Returns:
        The prompts.

    Example:
        >>> len(everyday_prompts())
        16
    """
    text = files("klimit.data").joinpath("everyday.txt").read_text(encoding="utf-8")
    return text.splitlines()


def read_prompts(path: Path) -> list[str]:
    """Read prompts: one a line, or JSON lines with a field ``prompt`` where the name says so.

    Args:
        path: A text file, or a file that ends in ``.jsonl``.

    Returns:
        The prompts in their order; empty lines are left out.

    Raises:
        InputError: There is no such file, no prompt in it, or one twice.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{str(path)!r}: prompts must be UTF-8 text, byte {error.start} is not; convert it"
        ) from error
    except OSError as error:
        raise InputError(f"{str(path)!r} cannot be read: {error.strerror}") from error
    found: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        json_lines = path.suffix.lower() == ".jsonl"
        prompt = _field(line, path, number) if json_lines else line.strip()
        if prompt in found:
            raise InputError(
                f"{str(path)!r}: each prompt must stand once, line {number} repeats line "
                f"{found[prompt]}; remove one"
            )
        found[prompt] = number
    if not found:
        raise InputError(f"{str(path)!r} has no prompt in it; write one a line")
    return list(found)


def _field(line: str, path: Path, number: int) -> str:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise InputError(f"{str(path)!r} line {number}: needed JSON, {error}") from error
    prompt = value.get("prompt") if isinstance(value, dict) else None
    if not isinstance(prompt, str) or not prompt.strip():
        raise InputError(
            f'{str(path)!r} line {number}: needed {{"prompt": "text"}}, got {line[:60]!r}'
        )
    return prompt
