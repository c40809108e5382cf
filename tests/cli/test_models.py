"""``klimit models`` lists what there is and fetches what is asked."""

import pytest

from klimit.cli.app import run


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
