from pathlib import Path

import pytest

from klimit.core.errors import InputError
from klimit.data.prompts import everyday_prompts, read_prompts


def test_everyday_prompts_are_sixteen_different_ones() -> None:
    assert len(set(everyday_prompts())) == 16


def test_a_prompt_a_line_is_read_whatever_the_file_begins_and_ends_with(tmp_path: Path) -> None:
    file = tmp_path / "prompts.txt"
    file.write_bytes("\ufeffFirst?\r\n\r\n  Second, é\u2028still second?\n".encode())
    assert read_prompts(file) == ["First?", "Second, é\u2028still second?"]


def test_json_lines_hold_prompts_of_several_lines(tmp_path: Path) -> None:
    file = tmp_path / "prompts.jsonl"
    file.write_text('{"prompt": "two\\nlines"}\n\n{"prompt": "one", "id": 3}\n')
    assert read_prompts(file) == ["two\nlines", "one"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("p.txt", b"", "has no prompt in it; write one a line"),
        ("p.txt", b"one\ntwo\none\n", "line 3 repeats line 1; remove one"),
        ("p.txt", b"caf\xe9\n", "must be UTF-8 text, byte 3 is not; convert it"),
        ("p.jsonl", b'{"text": "x"}\n', "line 1: needed"),
        ("p.jsonl", b"plain\n", "line 1: needed JSON"),
    ],
)
def test_a_wrong_file_gets_one_line(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_prompts(tmp_path / name)


def test_a_file_that_is_not_there_is_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_prompts(tmp_path / "none.txt")
