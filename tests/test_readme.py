"""The README says what is: every command in it prints what stands there, every block runs."""

import re
from pathlib import Path

import pytest

from klimit.cli.app import run

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
COMMANDS = [
    block.split("\n", 1) for kind, block in BLOCKS if kind == "console" and "$ klimit" in block
]
WIDTH = 96


@pytest.mark.parametrize(("command", "output"), COMMANDS, ids=[c for c, _ in COMMANDS])
def test_a_command_prints_what_the_readme_shows(
    command: str,
    output: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    monkeypatch.setenv("LINES", "50")  # without it a dumb terminal is taken to be 80 wide
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("TERM", "dumb")
    assert run(command.removeprefix("$ klimit ").split()) == 0
    printed = capsys.readouterr().out
    assert lines(printed) == lines(output)


def lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.rstrip().splitlines()]


def test_the_python_in_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (code,) = [block for kind, block in BLOCKS if kind == "python"]
    assert len(code.splitlines()) <= 6
    exec(compile(code, "README.md", "exec"), {})


@pytest.mark.parametrize("target", re.findall(r"\]\((?!http)([^)#]+)[^)]*\)", TEXT))
def test_what_it_links_to_is_there(target: str) -> None:
    assert (ROOT / target).exists()
