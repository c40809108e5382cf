"""``klimit models`` lists what there is and fetches what is asked."""

from collections.abc import Callable
from pathlib import Path

import pytest

from klimit.cli.app import run
from klimit.models import weights
from tests.cli.conftest import Klimit


def test_models_lists_models_and_rewards(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models"]) == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert rows[0] == ["name", "kind", "from", "file"]
    assert {tuple(row[:2]) for row in rows[1:]} >= {
        ("smollm2-135m-instruct", "model"),
        ("vader", "reward"),
    }


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["fetch"], "fetch needs the name of a model"),
        (["fetch", "gpt-17"], "there is no model 'gpt-17'"),
    ],
)
def test_fetch_refuses_in_one_line(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["models", *words]) == 1
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1


@pytest.mark.usefixtures("_on_a_terminal")
def test_a_person_sees_a_table_that_fits(
    klimit: Klimit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    lines = klimit("models").out.splitlines()
    assert lines[0].split() == ["name", "kind", "from"]
    assert max(map(len, lines)) <= 80
    at = lines.index("name                   file")
    assert lines[at + 1].endswith("not fetched: klimit models fetch smollm2-135m-instruct")
    assert any(line.startswith("length                 reward ") for line in lines)


@pytest.fixture
def fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model that comes in two halves, and is not there before."""
    path = tmp_path / "model.gguf"

    def fetch(name: str, *, on_progress: Callable[[int, int], None]) -> Path:
        on_progress(50, 100)
        on_progress(100, 100)
        path.write_bytes(b"GGUF")
        return path

    monkeypatch.setattr(weights, "cached_weights", lambda _: path if path.exists() else None)
    monkeypatch.setattr(weights, "fetch_weights", fetch)
    return path


def test_fetch_prints_where_the_file_is_and_fetches_once(
    fetched: Path, klimit: Klimit, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = klimit("models", "fetch", "smollm2-135m-instruct")
    assert (first.code, first.out) == (0, f"{fetched}\n")
    monkeypatch.setattr(weights, "fetch_weights", None)
    assert klimit("models", "fetch", "smollm2-135m-instruct").out == f"{fetched}\n"


@pytest.mark.usefixtures("_on_a_terminal")
def test_a_person_sees_how_much_has_come(fetched: Path, klimit: Klimit) -> None:
    ended = klimit("models", "fetch", "smollm2-135m-instruct")
    assert "fetching smollm2-135m-instruct" in ended.err
    assert "100/100 bytes" in ended.err
    assert fetched.exists()
