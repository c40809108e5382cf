"""The command line as a person and as a pipe sees it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from klimit.cli.app import run

EXAMPLE = str(Path(__file__).parents[2] / "examples" / "smollm2_draws.parquet")


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command left: exit code, results, and all else."""

    code: int
    out: str
    err: str


Klimit = Callable[..., Ended]


@pytest.fixture
def klimit(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Klimit:
    """Run a command; ``EXAMPLE`` names the table of draws, wherever the tests run."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "50")
    monkeypatch.chdir(Path(EXAMPLE).parent)

    def call(*tokens: str) -> Ended:
        code = run(
            ["smollm2_draws.parquet" if token == "EXAMPLE" else token for token in tokens]
        )
        return Ended(code, *capsys.readouterr())

    return call


@pytest.fixture
def _on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("TERM", "dumb")
