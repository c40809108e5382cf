"""The KL in trainers' logs: what TRL really wrote against the sums it does not log."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from klimit import Draws, InputError, InsufficientDataError
from klimit.data.logs.says import LogOverrides, ScoredColumns
from klimit.data.logs.scored import read_kl_source
from klimit.data.logs.trainer_kl import TrainerKl
from tests.markov_language import Batch, language

FILES = Path(__file__).parent / "files"
Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str) -> Path:
        path = tmp_path / "log.json"
        path.write_text(text)
        return path

    return write


def lines(*rows: Mapping[str, object]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def read(path: Path, **says: object) -> TrainerKl:
    found = read_kl_source(
        str(path),
        columns=ScoredColumns(),
        says=LogOverrides(**says),  # type: ignore[arg-type]
    )
    assert isinstance(found, TrainerKl)
    return found


def summed(run: str, term: str) -> dict[int, float]:
    """Mean over responses of the summed terms at each step, by the models themselves."""
    rows = json.loads((FILES / "trl_sums.json").read_text())[run]
    return {
        step: float(np.mean([row[term] for row in rows if row["step"] == step]))
        for step in {row["step"] for row in rows}
    }


@pytest.mark.parametrize(("run", "term"), [("grpo", "k3"), ("rloo", "k1")])
def test_one_batch_a_row_of_trl_converts_to_the_sums_of_its_own_models(
    run: str, term: str
) -> None:
    found = read(FILES / f"trl_{run}_state.json", parts=1, term=term)
    truth = summed(run, term)
    assert [step.step for step in found.steps] == [1, 2, 3, 4]
    for step in found.steps:
        assert step.kl.exact
        assert step.kl.kl == pytest.approx(truth[step.step], rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("parts", [None, 4])
def test_several_batches_a_row_of_trl_are_bounded(parts: int | None) -> None:
    found = read(FILES / "trl_grpo_parts_state.json", parts=parts)
    truth = summed("grpo_parts", "k3")
    for step in found.steps[1:]:
        assert not step.kl.exact
        assert step.kl.low <= truth[step.step] <= step.kl.high
        assert step.kl.kl == pytest.approx(truth[step.step], rel=0.05)


def test_at_beta_0_trl_logs_no_kl_and_that_is_said() -> None:
    with pytest.raises(InsufficientDataError, match="computes none with beta = 0, GRPO's def"):
        read(FILES / "trl_grpo_beta0_state.json")


def logged(batch: Batch, trainer: str) -> dict[str, float]:
    """One step as a trainer logs it, by its formula."""
    k1 = batch.ratio
    k3 = np.exp(-k1) - 1 + k1
    over = {
        "sequence": lambda terms: float((batch.sums(terms) / batch.lengths).mean()),
        "token": lambda terms: float(terms[batch.mask].mean()),
    }
    mean, ends = float(batch.lengths.mean()), (batch.lengths.min(), batch.lengths.max())
    if trainer == "openrlhf":
        return {
            "train/kl": over["sequence"](np.clip(k3, -10, 10)),
            "train/logprobs_diff": over["sequence"](k1),
            "train/rollout/response_length_mean": mean,
            "train/rollout/num_samples": float(batch.lengths.size),
            "train/global_step": 3.0,
        }
    return {
        "actor/kl_loss": over["token"](np.clip(k3, None, 10)),
        "actor/reward_kl_penalty": over["sequence"](k1),
        "actor/ppo_kl": 0.001,
        "response_length/mean": mean,
        "response_length/min": float(ends[0]),
        "response_length/max": float(ends[1]),
    }


@pytest.mark.parametrize("distance", [0.063, 0.39])
def test_verl_and_openrlhf_logs_lead_back_to_the_divergence(
    distance: float, write: Write
) -> None:
    truth = language(distance)
    batch = truth.draw(np.random.default_rng(3), 4000)
    verl = lines({"step": 3, "data": logged(batch, "verl")})
    found = read(write(verl))
    assert (found.trainer, found.key, found.average) == ("verl", "actor/kl_loss", "token")
    assert found.steps[0].step == 3
    assert found.steps[0].kl.low <= truth.kl() <= found.steps[0].kl.high
    one = read(write(verl), parts=1).steps[0].kl
    assert one.exact
    assert one.kl == pytest.approx(truth.kl(), rel=0.05)
    found = read(write(lines(logged(batch, "openrlhf"))), longest=64)
    assert (found.key, found.term, found.told) == ("logprobs_diff", "k1", "told")
    assert found.steps[0].kl.low <= truth.kl() <= found.steps[0].kl.high


def test_verl_penalties_in_the_reward_are_read_where_there_is_no_loss(write: Write) -> None:
    row = logged(language(0.2).draw(np.random.default_rng(3), 500), "verl")
    del row["actor/kl_loss"]
    found = read(write(lines({"step": 1, "data": row})))
    assert (found.key, found.term, found.average) == (
        "actor/reward_kl_penalty",
        "k1",
        "sequence",
    )


def test_a_sum_is_taken_as_it_is(write: Write) -> None:
    found = read(write(lines({"objective/kl": 7.5, "step": 2}, {"objective/kl": 8.5})))
    assert [step.kl.kl for step in found.steps] == [7.5, 8.5]
    assert all(step.kl.exact for step in found.steps)


def test_a_negative_value_tells_that_the_plain_log_ratio_was_averaged(write: Write) -> None:
    rows = [{"kl": value, "completions/mean_length": 30.0} for value in (0.02, -0.001)]
    found = read(write(json.dumps(rows)), parts=1)
    assert (found.term, found.told) == ("k1", "told")
    assert found.steps[1].kl.kl == pytest.approx(-0.03)


def test_steps_without_a_finite_kl_are_left_out(write: Write) -> None:
    rows = [
        {"kl": None, "completions/mean_length": 30.0},
        {"kl": float("nan"), "completions/mean_length": 30.0},
        {"kl": 0.1, "completions/mean_length": 30.0, "step": 3},
        {"train_loss": 0.1, "step": 3},
    ]
    assert len(read(write(lines(*rows))).steps) == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            lines({"kl": 0.1, "logprobs_diff": 0.1}),
            "needs the mean length of the responses, which is not in the log",
        ),
        (
            lines({"kl": 0.0, "response_length": 9.0}),
            "is 0 in all 1 steps: there was no reference model (kl.init_coef = 0)",
        ),
        (
            lines({"actor/ppo_kl": 0.1, "response_length/mean": 9.0}),
            "none unless use_kl_loss or use_kl_in_reward is set (actor/ppo_kl compares",
        ),
        (lines({"loss": 0.1}), "needed a log of TRL, OpenRLHF or verl, or a table of draws"),
        ('{"a": 1,\n "b": 2}', "with its log_history, or JSON lines"),
        ('{"log_history": [', "got broken JSON"),
        (
            lines({"kl": 0.1, "completions/mean_length": 9.0, "completions/max_length": 8.0}),
            "lengths need 0 < shortest <= mean <= longest",
        ),
    ],
)
def test_what_cannot_be_converted_is_refused_with_the_reason(
    text: str, told: str, write: Write
) -> None:
    with pytest.raises((InputError, InsufficientDataError)) as caught:
        read(write(text))
    assert told in str(caught.value)
    assert str(caught.value).startswith(str(write(text)))
    assert "\n" not in str(caught.value)


def test_tables_that_trackers_export_are_read(tmp_path: Path) -> None:
    path = tmp_path / "wandb.csv"
    path.write_text(
        "Step,my run - train/kl,my run - train/kl__MIN,my run - train/completions/mean_length\n"
        "5,0.02,0.01,30\n10,,,\n15,0.04,0.03,25.5\n"
    )
    found = read(path, parts=1)
    assert [(step.step, step.kl.kl) for step in found.steps] == [
        (5, pytest.approx(0.6)),
        (15, pytest.approx(1.02)),
    ]
    table = tmp_path / "log.parquet"
    pl.DataFrame({"_step": [7], "train/objective/kl": [3.5]}).write_parquet(table)
    assert [(step.step, step.kl.kl) for step in read(table).steps] == [(7, 3.5)]


def test_a_folder_of_checkpoints_has_the_state_of_its_last(tmp_path: Path) -> None:
    for age, name in enumerate(("checkpoint-9", "checkpoint-10")):
        folder = tmp_path / name
        folder.mkdir()
        row = {"kl": 0.1 * (age + 1), "completions/mean_length": 10.0, "step": age}
        state = folder / "trainer_state.json"
        state.write_text(json.dumps({"log_history": [row]}))
        os.utime(state, (age, age))
    assert read(tmp_path, parts=1).steps[0].kl.kl == pytest.approx(2.0)


def test_scored_draws_need_no_reward(write: Write) -> None:
    rows = [
        {"prompt": "a", "lp": -1.0, "log_prob_reference": -2.0, "finished": True},
        {"prompt": "b", "lp": -1.5, "log_prob_reference": -2.0, "finished": False},
    ]
    found = read_kl_source(
        str(write(lines(*rows))),
        columns=ScoredColumns(log_prob_policy="lp"),
        says=LogOverrides(),
    )
    assert isinstance(found, Draws)
    assert found.column("log_prob_policy").tolist() == [-1.0, -1.5]
    assert found.column("log_prob_reference").tolist() == [-2.0, -2.0]
    assert found.column("finished").tolist() == [1.0, 0.0]
