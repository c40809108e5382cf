"""Text from anywhere made safe to show: in one line, not too long, nothing hidden."""

import re

__all__ = ["one_line", "shown", "visible", "well_formed"]

_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def one_line(message: str) -> str:
    r"""The message in one line, control characters written as escapes.

    Args:
        message: Any text.

    Returns:
        A line that prints as it reads.

    Example:
        >>> one_line("two\nlines, a bell\a")
        'two lines, a bell\\x07'
    """
    words = " ".join(message.split())
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in words)


def shown(value: object, *, width: int = 40) -> str:
    """A value as messages quote it: one line, not too long.

    Args:
        value: Anything.
        width: Longest text shown in full.

    Returns:
        Its ``repr``, shortened in the middle.

    Example:
        >>> shown("a" * 100, width=9)
        "'aaa…aaa'"
    """
    text = repr(value)
    if len(text) <= width:
        return text
    half = (width - 1) // 2
    return f"{text[:half]}…{text[-half:]}"


def visible(text: str) -> str:
    r"""The text with what no page can hold replaced by signs for it; line breaks stay.

    Args:
        text: Any text, lone surrogates included.

    Returns:
        Text that every encoding of Unicode and every XML or HTML reader accepts.

    Example:
        >>> visible("a\x00b\r\nc\x9b")
        'a␀b\nc�'
    """
    return _HIDDEN.sub(_sign, text.replace("\r\n", "\n").replace("\r", "\n"))


def _sign(found: re.Match[str]) -> str:
    code = ord(found[0])
    return chr(0x2400 + code) if code < 0x20 else "␡" if code == 0x7F else "�"


def well_formed(text: str) -> str:
    r"""The text with U+FFFD in place of lone surrogates, which no encoding holds.

    A program that counts in UTF-16 and cuts a text in the middle of a character leaves one.

    Args:
        text: Any text.

    Returns:
        Text that can be encoded.

    Example:
        >>> well_formed("cut \ud83d")
        'cut �'
    """
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
