"""The main job, end to end: against a real HTTP server, and with the demo's own model."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from klimit.models.weights import cached_weights
from tests.cli.conftest import Klimit
from tests.models.endpoint import Endpoint, serving

SECRET = "sk-never-to-be-seen"


def no_reward(prompts: list[str], responses: list[str]) -> list[float]:
    return [float("nan")] * len(responses)


def bad_reward(prompts: list[str], responses: list[str]) -> list[float]:
    """Finite for most responses."""
    return [float("nan") if "awful" in text else float(len(text)) for text in responses]


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serving(Endpoint()) as endpoint:
        yield endpoint


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    file = tmp_path / "prompts.txt"
    file.write_text("One?\nTwo?\nThree?\nFour?\n")
    return file


def options(
    endpoint: Endpoint, prompts: Path, out: Path, *more: str, kl: str = "0.5"
) -> list[str]:
    where = ["--model", endpoint.address, "--prompts", str(prompts), "--out", str(out)]
    return ["demo", *where, "--draws", "40", "--kl", kl, *more]


def seeds(endpoint: Endpoint) -> list[int]:
    return [
        int(str(request["seed"])) + i
        for request in endpoint.requests
        for i in range(int(str(request["n"])))
    ]


def test_the_main_job_ends_with_a_table_a_plot_and_a_report(
    klimit: Klimit, endpoint: Endpoint, prompts: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    ended = klimit(*options(endpoint, prompts, out))
    assert ended.code == 0, ended.err
    assert "Predicted and realised" in ended.out
    assert "Best-of-N" in ended.out
    assert f"wrote {out / 'report.html'}" in ended.err
    draws, fresh = (pl.read_parquet(out / f"{name}.parquet") for name in ("draws", "fresh"))
    assert draws.height == 160
    assert draws["log_prob_reference"].unique().to_list() == [-10.5]
    assert set(draws["seed"]).isdisjoint(fresh["seed"])
    assert len(seeds(endpoint)) == len(set(seeds(endpoint))) == draws.height + fresh.height
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["conditions"]["truncation"] == "all off"


def test_an_endpoint_that_decodes_greedily_is_told_so_in_one_line(
    klimit: Klimit, endpoint: Endpoint, prompts: Path, tmp_path: Path
) -> None:
    endpoint.samples = False
    ended = klimit(*options(endpoint, prompts, tmp_path / "run"))
    assert ended.code == 1
    told = "all 40 draws of each prompt are one and the same response: small does not sample"
    assert told in ended.err
    assert "Traceback" not in ended.err
    assert len((tmp_path / "run" / "draws.jsonl").read_text().splitlines()) == 160


def test_a_budget_that_keeps_the_best_alone_has_no_tilt_to_check(
    klimit: Klimit, endpoint: Endpoint, prompts: Path, tmp_path: Path
) -> None:
    ended = klimit(*options(endpoint, prompts, tmp_path / "run", kl="6"))
    assert ended.code == 0, ended.err
    assert "the optimum keeps the best responses alone" in ended.out + ended.err
    assert "best of 40" in ended.out
    assert "tilt at beta" not in ended.out


def test_a_run_that_is_whole_is_reported_again_without_a_further_draw(
    klimit: Klimit, endpoint: Endpoint, prompts: Path, tmp_path: Path
) -> None:
    call = options(endpoint, prompts, tmp_path / "run")
    first = klimit(*call)
    asked = len(endpoint.requests)
    again = klimit(*call)
    assert len(endpoint.requests) == asked
    assert again.out == first.out


def test_other_settings_are_refused_and_more_draws_are_added(
    klimit: Klimit, endpoint: Endpoint, prompts: Path, tmp_path: Path
) -> None:
    call = options(endpoint, prompts, tmp_path / "run")
    klimit(*call)
    other = klimit(*call, "--seed", "1")
    assert other.code == 1
    assert "another seed: 0 there, 1 here; give another --out" in other.err
    call[call.index("40")] = "60"
    assert klimit(*call).code == 0
    assert len(seeds(endpoint)) == len(set(seeds(endpoint)))


def started(call: list[str], **environment: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "klimit", *call],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )


@pytest.mark.parametrize(("sign", "code"), [(signal.SIGKILL, -9), (signal.SIGINT, 130)])
def test_an_ended_run_goes_on_where_it_was(
    klimit: Klimit,
    endpoint: Endpoint,
    prompts: Path,
    tmp_path: Path,
    sign: signal.Signals,
    code: int,
) -> None:
    out = tmp_path / "run"
    endpoint.seconds = 0.3
    call = options(endpoint, prompts, out)
    with started(call) as process:
        deadline = time.monotonic() + 60
        while not (out / "draws.jsonl").exists() or not (out / "draws.jsonl").stat().st_size:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(sign)
        _, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert "Traceback" not in err
    there = [json.loads(line) for line in (out / "draws.jsonl").read_bytes().splitlines()]
    assert there
    endpoint.requests.clear()
    endpoint.seconds = 0.0
    ended = klimit(*call)
    assert ended.code == 0, ended.err
    assert {record["seed"] for record in there}.isdisjoint(seeds(endpoint))
    assert "draws are there already" in ended.err
    table = pl.read_parquet(out / "draws.parquet")
    assert table.height == 160
    kept = table.filter(pl.col("seed").is_in([record["seed"] for record in there]))
    assert set(kept["response"]) == {r["response"] for r in there if r["draw"] < 40}


def test_a_second_interrupt_does_not_wait_for_what_is_in_flight(
    endpoint: Endpoint, prompts: Path, tmp_path: Path
) -> None:
    endpoint.seconds = 120
    with started(options(endpoint, prompts, tmp_path / "run")) as process:
        deadline = time.monotonic() + 60
        while len(endpoint.requests) < 3:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        said = next(line for line in process.stderr if "stopping" in line)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert "stopping; waiting for 72 draws on their way (Ctrl-C drops them)" in said
    assert process.returncode == 130
    assert err == "error: interrupted\n"


def test_a_model_that_fails_exits_3_and_what_was_drawn_is_kept(
    klimit: Klimit, endpoint: Endpoint, prompts: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    prompts.write_text("One?\n" + "long " * 1000 + "\n")
    ended = klimit(*options(endpoint, prompts, out))
    assert ended.code == 3
    assert "prompt too long" in ended.err
    assert (out / "draws.jsonl").stat().st_size > 0


def test_a_failure_with_nothing_else_in_flight_waits_for_nothing(
    klimit: Klimit, endpoint: Endpoint, prompts: Path, tmp_path: Path
) -> None:
    prompts.write_text("long " * 1000 + "\n")
    call = options(endpoint, prompts, tmp_path / "run")
    call[call.index("40")] = "20"
    ended = klimit(*call)
    assert ended.code == 3
    assert "prompt too long" in ended.err
    assert "stopping" not in ended.err


def test_responses_without_a_reward_are_kept_counted_and_told(
    klimit: Klimit, endpoint: Endpoint, prompts: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    call = options(endpoint, prompts, out, "--reward", "tests.cli.test_demo:bad_reward")
    ended = klimit(*call)
    assert ended.code == 1
    assert "responses have no reward from tests.cli.test_demo:bad_reward" in ended.err
    assert "it returned nan" in ended.err
    assert (out / "report.html").exists()
    draws = pl.read_parquet(out / "draws.parquet")
    without = draws.filter(pl.col("reward").is_null())["response"]
    assert without.len() > 0
    assert all("awful" in response for response in without)
    assert klimit(*call, "--missing", "drop").code == 0


def test_a_reward_that_scores_nothing_ends_the_run_and_keeps_what_was_drawn(
    klimit: Klimit, endpoint: Endpoint, prompts: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    call = options(endpoint, prompts, out, "--reward", "tests.cli.test_demo:no_reward")
    ended = klimit(*call)
    assert ended.code == 1
    last = ended.err.splitlines()[-1]
    assert "error: 160 responses have no reward from tests.cli.test_demo:no_reward" in last
    assert len((out / "draws.jsonl").read_bytes().splitlines()) == 160


def test_no_file_and_no_line_holds_the_key(
    klimit: Klimit,
    endpoint: Endpoint,
    prompts: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KLIMIT_API_KEY", SECRET)
    endpoint.key = SECRET
    out = tmp_path / "run"
    ended = klimit(*options(endpoint, prompts, out))
    assert ended.code == 0
    assert SECRET not in ended.out + ended.err
    files = [path for path in out.iterdir() if path.is_file()]
    assert len(files) >= 6
    assert not any(SECRET.encode() in path.read_bytes() for path in files)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--draws", "1"], "a frontier needs at least 2 draws of each prompt, got 1"),
        (["--reward", "nice"], "there is no reward 'nice'; known are length, vader"),
        (["--model", "gpt"], "or BACKEND:NAME with a backend of llama, openai; got 'gpt'"),
        (["--model", "none.gguf"], "'none.gguf': there is no such file"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(
    klimit: Klimit,
    endpoint: Endpoint,
    prompts: Path,
    tmp_path: Path,
    more: list[str],
    message: str,
) -> None:
    call = options(endpoint, prompts, tmp_path / "run")
    for name, value in zip(more[::2], more[1::2], strict=True):
        if name in call:
            call[call.index(name) + 1] = value
        else:
            call += [name, value]
    ended = klimit(*call)
    assert ended.code == 1
    assert message in ended.err
    assert not endpoint.requests


@pytest.mark.model
@pytest.mark.slow
def test_the_demo_runs_on_its_own_model(prompts: Path, tmp_path: Path) -> None:
    if cached_weights("smollm2-135m-instruct") is None:
        pytest.skip("klimit models fetch smollm2-135m-instruct has not been run")
    out = tmp_path / "run"
    call = ["demo", "--prompts", str(prompts), "--draws", "32", "--max-tokens", "8"]
    with started([*call, "--kl", "0.5", "--out", str(out)]) as process:
        table, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert "Predicted and realised" in table
    draws = pl.read_parquet(out / "draws.parquet")
    assert draws.height == 128
    assert draws["response"].n_unique() > 100
    assert draws["tokens"].max() <= 8
    assert draws["log_prob_reference"].max() < 0
    assert "SmolLM2-135M-Instruct" in (out / "report.html").read_text(encoding="utf-8")


@pytest.mark.model
@pytest.mark.slow
def test_a_second_interrupt_ends_the_demo_while_its_own_model_computes(
    prompts: Path, tmp_path: Path
) -> None:
    if cached_weights("smollm2-135m-instruct") is None:
        pytest.skip("klimit models fetch smollm2-135m-instruct has not been run")
    out = tmp_path / "run"
    with started(["demo", "--prompts", str(prompts), "--out", str(out)]) as process:
        deadline = time.monotonic() + 120
        while not (out / "draws.jsonl").exists() or not (out / "draws.jsonl").stat().st_size:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        next(line for line in process.stderr if "stopping" in line)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert err == "error: interrupted\n"
