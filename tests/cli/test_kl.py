"""``klimit kl`` for people, pipes and scripts."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from inline_snapshot import snapshot

from tests.cli.conftest import EXAMPLE, Klimit
from tests.markov_language import language

FILES = Path(__file__).parents[1] / "data" / "logs" / "files"
GRPO = "trl_grpo_state.json"


@pytest.fixture(autouse=True)
def _beside_the_logs(klimit: Klimit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FILES)


@pytest.fixture
def scored(tmp_path: Path) -> str:
    """Draws of a policy of known divergence, scored by both models; no reward."""
    batch = language(0.2).draw(np.random.default_rng(0), 2000)
    path = tmp_path / "scored.parquet"
    log_policy = batch.sums(batch.log_policy)
    pl.DataFrame(
        {
            "prompt": np.arange(2000) % 50,
            "log_prob_policy": log_policy,
            "log_prob_reference": log_policy - batch.sums(batch.ratio),
            "finished": batch.finished,
        }
    ).write_parquet(path)
    return str(path)


@pytest.mark.usefixtures("_on_a_terminal")
def test_a_person_sees_what_the_logged_number_means(klimit: Klimit) -> None:
    ended = klimit("kl", GRPO)
    assert ended.code == 0
    assert [line.rstrip() for line in ended.out.splitlines()] == snapshot(
        [
            "KL(policy || reference) from trl's kl: trl_grpo_state.json",
            "step   logged  length  nats a response           bounds",
            "   1        0    17.4                0            exact",
            "   2  0.04944    19.9           0.9827  0.09889 … 1.187",
            "   3  0.04994    19.9           0.9957   0.1498 … 1.199",
            "   4   0.1117    18.2            2.039   0.3351 … 2.681",
            "kl is read as the mean of k3 over the tokens of a batch (as GRPO logs it; of",
            "RLOO say --term k1)",
            "The noise of a batch is not in a log: these are no confidence intervals, only",
            "what the conversion leaves open",
            "klimit 0.1.0 · 4 steps · token mean times mean length; bounds from batches of 3",
            "to 24 tokens",
        ]
    )


def test_a_pipe_gets_every_step(klimit: Klimit) -> None:
    ended = klimit("kl", GRPO, "--parts", "1")
    header, *rows = (line.split("\t") for line in ended.out.splitlines())
    assert header == ["step", "logged", "mean_length", "kl", "low", "high", "how"]
    assert [row[0] for row in rows] == ["1", "2", "3", "4"]
    assert all(row[3] == row[4] == row[5] for row in rows)
    assert "no confidence intervals" in ended.err


def test_scored_draws_give_an_estimate_and_findings(klimit: Klimit, scored: str) -> None:
    ended = klimit("kl", scored, "--json")
    found = json.loads(ended.out)
    assert found["kl"]["low"] <= language(0.2).kl() <= found["kl"]["high"]
    assert [finding["code"] for finding in found["findings"]] == ["cut-off"]


def test_a_control_variate_is_a_further_line_and_only_of_draws(
    klimit: Klimit, scored: str
) -> None:
    found = json.loads(klimit("kl", scored, "--control-variate", "--json").out)
    assert found["kl"] == found["kl_from_log_ratios"]
    steadied = found["kl_with_control_variate"]
    assert steadied["standard_error"] < 0.8 * found["kl"]["standard_error"]
    assert steadied["low"] <= language(0.2).kl() <= steadied["high"]
    assert steadied["method"].endswith("log ratios with control variate")
    refused = klimit("kl", GRPO, "--control-variate")
    assert refused.code == 1
    assert "--control-variate is for a table of draws, got a trainer's log" in refused.err


@pytest.mark.usefixtures("_on_a_terminal")
def test_a_person_sees_the_estimate(klimit: Klimit, scored: str) -> None:
    ended = klimit("kl", scored, "--prompts", "fixed")
    table = ended.out[ended.out.index("      from") :]  # below the title, which holds a path
    assert [line.rstrip() for line in table.splitlines()] == snapshot(
        [
            "      from             KL   95% interval",
            "log ratios  0.841 ± 0.032  0.780 … 0.904",
            "! cut-off: 956 of 2000 draws ended at the length limit: the KL counts what the",
            "policy does up to there, which is at most that of whole responses. Compare",
            "policies at one length limit, or raise it.",
            "klimit 0.1.0 · 2000 draws of 50 prompts · fixed prompts · t, draws within",
            "prompts, log ratios",
        ]
    )


def test_a_figure_shows_the_steps(klimit: Klimit, tmp_path: Path, scored: str) -> None:
    figure = tmp_path / "kl.svg"
    assert klimit("kl", GRPO, "--plot", str(figure)).code == 0
    assert "nats a response" in figure.read_text()
    ended = klimit("kl", scored, "--plot", str(figure))
    assert (ended.code, ended.err) == (
        1,
        "error: one number has no figure; leave out --plot\n",
    )


def test_a_table_without_log_probabilities_is_refused(klimit: Klimit) -> None:
    ended = klimit("kl", EXAMPLE)
    assert ended.code == 1
    assert "'log_prob_policy': needed a log of TRL, OpenRLHF or verl, or draws" in ended.err
    assert ended.err.endswith("'length'; name the column with --log-prob-policy\n")


def test_a_run_at_beta_0_is_refused_with_the_reason(klimit: Klimit) -> None:
    ended = klimit("kl", "trl_grpo_beta0_state.json")
    assert ended.code == 1
    assert "TRL computes none with beta = 0, GRPO's default; draw from the check" in ended.err


def test_whole_distributions_are_shown_beside_the_log_ratios(
    klimit: Klimit, scored: str
) -> None:
    batch = language(0.2).draw(np.random.default_rng(0), 2000)
    both = pl.read_parquet(scored).with_columns(kl_exact=batch.sums(batch.exact))
    both.write_parquet(scored)
    ended = klimit("kl", scored)
    _, whole, ratios = (line.split("\t") for line in ended.out.splitlines())
    assert whole[-1].endswith("full next-token distributions")
    assert ratios[-1].endswith("log ratios")
    assert float(whole[1]) < 0.6 * float(ratios[1])
