"""A small table of symbols, in each form, and what is wrong with others."""

from pathlib import Path

import numpy as np
import pytest

from klimit import InputError
from klimit.data.symbols import read_symbols


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "probability,reward\n0.5,0\n0.5,1\n"),
        ("a.csv", "symbol, reward , probability\na,0,0.5\nb,1,.5"),
        (
            "a.json",
            '[{"probability": 0.5, "reward": 0}, {"reward": 1, "probability": 0.5}]',
        ),
        ("a.json", '{"probability": [0.5, 0.5], "reward": [0, 1]}'),
    ],
)
def test_every_form_is_read(name: str, text: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text("\ufeff" + text, encoding="utf-8")
    model = read_symbols(path)
    np.testing.assert_allclose(np.exp(model.log_probs), [0.5, 0.5])
    assert model.rewards.tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"", "needed probability and reward, found none"),
        (b"probability,reward\n", "at least one symbol"),
        (b"p,r\n1,2\n", "found 'p', 'r'; give a CSV file"),
        (
            b"probability,reward\n0.5,0\n0.5,high\n",
            "row 3, reward: needed a number, got 'high'",
        ),
        (b"probability,reward\n0.5,0\n0.5\n", "row 3, reward: needed a number, got nothing"),
        (b"probability,reward\n0.5,0\n0.4,1\n", "probs must sum to 1, got 0.9"),
        (b"probability,reward\n0.5,0\n0.5,nan\n", "nan"),
        (b"[1, 2]", "entry 1: needed an object, got 1"),
        (b'[{"probability": 1}]', "entry 1: needed reward, found 'probability'"),
        (b'[{"probability": true, "reward": 1}]', "entry 1, probability: needed a number"),
        (
            b'{"probability": [1, 2], "reward": [1]}',
            "a list of probabilities and one",
        ),
        (b'{"probability": 1, "reward": 2}', "a list of probabilities and one"),
        (b'{"probability": [1', "not JSON"),
        (b"\xff\xfe\x00", "needed UTF-8 text"),
    ],
)
def test_what_is_no_table_of_symbols_gets_one_line(
    text: bytes, told: str, tmp_path: Path
) -> None:
    path = tmp_path / "symbols"
    path.write_bytes(text)
    with pytest.raises(InputError) as caught:
        read_symbols(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_gets_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_symbols(tmp_path / "absent.csv")
    with pytest.raises(InputError, match="directory"):
        read_symbols(tmp_path)


def test_a_file_too_large_for_symbols_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("klimit.data.symbols._MOST", 8)
    path = tmp_path / "symbols.csv"
    path.write_text("probability,reward\n1,0\n")
    with pytest.raises(
        InputError, match="needed a small table of symbols, got more than 16 MB"
    ):
        read_symbols(path)
