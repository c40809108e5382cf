"""``klimit asymptotics`` from end to end."""

import json
import re
from pathlib import Path

import pytest

from tests.cli.conftest import Klimit

SHORT = ("--lengths", "10,40")


def test_one_claim_alone_makes_a_page_and_its_figures(klimit: Klimit, tmp_path: Path) -> None:
    out = tmp_path / "new" / "folder"
    ended = klimit("asymptotics", "--claim", "5", *SHORT, "--out", str(out))
    assert ended.code == 0
    assert sorted(path.name for path in out.iterdir()) == [
        "5-best-of-n.pdf",
        "5-best-of-n.svg",
        "asymptotics.html",
    ]
    assert "5. Best-of-N is asymptotically the optimum" in ended.out
    assert ended.err.startswith("note: wrote ")


def test_all_claims_stand_on_one_page_that_asks_nobody(klimit: Klimit, tmp_path: Path) -> None:
    model = tmp_path / "symbols.json"
    model.write_text('{"probability": [0.5, 0.3, 0.2], "reward": [0, 1, 2]}', encoding="utf-8")
    ended = klimit("asymptotics", "--model", str(model), *SHORT, "--out", str(tmp_path))
    assert ended.code == 0
    page = (tmp_path / "asymptotics.html").read_text(encoding="utf-8")
    titles = re.findall(r"<h2[^>]*>(\d)\. ", page)
    assert titles == ["1", "2", "3", "4", "5", "6", "7"]
    assert page.count("<figure>") == len(titles)
    assert len(page) < 1_000_000
    assert not re.search(r"(Theorem|Figure|Fig\.|Proposition|Eq\.) ?\d", page)
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org", "")


def test_json_has_the_numbers_of_every_claim(
    klimit: Klimit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = klimit("asymptotics", "--claim", "1,5", *SHORT, "--json")
    value = json.loads(ended.out)
    assert [claim["claim"] for claim in value["claims"]] == [1, 5]
    assert value["claims"][1]["results"][0]["lengths"] == [10, 40]
    assert value["claims"][0]["holds"]
    assert not list(tmp_path.iterdir())


def test_a_model_of_ones_own_is_put_to_the_test(klimit: Klimit, tmp_path: Path) -> None:
    path = tmp_path / "coin.csv"
    path.write_text("probability,reward\n0.6,0\n0.4,1\n", encoding="utf-8")
    ended = klimit("asymptotics", "--claim", "5", "--model", str(path), *SHORT, "--json")
    (setting,) = json.loads(ended.out)["settings"]
    assert setting["name"] == "coin"
    assert setting["span"] == 1.0


def test_draws_are_symbols(klimit: Klimit) -> None:
    ended = klimit(
        *("asymptotics", "--claim", "5", "--from-draws", "EXAMPLE", "--reward", "sentiment"),
        *SHORT,
        "--json",
    )
    (setting,) = json.loads(ended.out)["settings"]
    assert setting["rounding"] > 0


@pytest.mark.parametrize(
    ("tokens", "code", "told"),
    [
        (("--claim", "9"), 1, "--claim: needed one of 1, "),
        (("--claim", "x"), 2, "needed whole numbers"),
        (("--kl", "2"), 1, "between 0 and the ceiling"),
        (("--lengths", "10"), 1, "at least two lengths"),
        (("--model", "absent.csv"), 1, "absent.csv: No such file"),
        (("--model", "smollm2_draws.parquet"), 1, "needed "),
        (("--model", "a.csv", "--from-draws", "EXAMPLE"), 1, "take one of them"),
        (("--from-draws", "EXAMPLE", "--reward", "absent"), 1, "'absent'"),
        (("--claim", "1", "--out", "smollm2_draws.parquet"), 1, "cannot be made"),
    ],
)
def test_what_cannot_be_answered_is_one_line(
    tokens: tuple[str, ...], code: int, told: str, klimit: Klimit
) -> None:
    ended = klimit("asymptotics", *tokens)
    assert (ended.code, ended.err.count("\n")) == (code, 1)
    assert told in ended.err
    assert ended.out == ""
    assert not Path("asymptotics").exists()
