"""Logs that inspect_ai itself writes here, with its mock model, and reads for klimit.

It brings a hundred packages, some of them older than klimit's, so these run in an environment
of their own: ``make inspect``. Elsewhere ``test_adapters.py`` reads logs with a stand-in.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from itertools import cycle
from pathlib import Path

import pytest

from klimit import InputError, read_draws
from klimit.cli.app import run

inspect_ai = pytest.importorskip("inspect_ai", reason="inspect_ai is absent: make inspect")
dataset, models, scorers, solvers = (
    import_module(f"inspect_ai.{name}") for name in ("dataset", "model", "scorer", "solver")
)

pytestmark = pytest.mark.filterwarnings("ignore")  # what inspect_ai itself is warned of

FILES = Path(__file__).parent / "files"
ANSWERS = {
    "2 + 2 = ?": ["4", "5", "It is 4", "four"],
    "Größe von π, auf zwei Stellen": ["3,14", "≈ 3,14 \u2028", "3", "22/7"],
    "Opposite of hot:": ["warm", "cool", "tepid", "cold\n"],
}
TARGETS = ["4", "3,14", "cold"]
EPOCHS = 4


@scorers.scorer(metrics={"words": [scorers.mean()], "shout": [scorers.mean()]})
def style():
    async def score(state, target):
        text = state.output.completion
        return scorers.Score(value={"words": len(text.split()), "shout": text.isupper()})

    return score


def evaluated(
    folder: Path, ending: str, *, broken: str | None = None, **options: object
) -> str:
    """The place of a log of all answers, an epoch each, as inspect_ai writes it."""
    answers = {prompt: cycle(texts) for prompt, texts in ANSWERS.items()}

    def answer(messages, *others):
        text = next(answers[messages[-1].text])
        if text == broken:
            raise RuntimeError(text)
        output = models.ModelOutput.from_content("mockllm/model", text)
        words = len(text.split())
        output.usage = models.ModelUsage(input_tokens=9, output_tokens=words)
        return output

    system = models.ChatMessageSystem(content="Be brief.")
    chat = [system, models.ChatMessageUser(content="Opposite of hot:")]
    inputs = [*list(ANSWERS)[:2], chat]
    samples = [
        dataset.Sample(input=text, target=target, id=f"item-{i}")
        for i, (text, target) in enumerate(zip(inputs, TARGETS, strict=True))
    ]
    task = inspect_ai.Task(
        dataset=samples,
        solver=solvers.generate(),
        scorer=[scorers.includes(), style()],
        epochs=EPOCHS,
    )
    (log,) = inspect_ai.eval(
        task,
        model=models.get_model("mockllm/model", custom_outputs=answer, memoize=False),
        log_dir=str(folder),
        log_format=ending,
        display="none",
        max_samples=1,
        **options,
    )
    assert log.status == "success", log.error
    return log.location


@pytest.fixture(scope="module", params=["eval", "json"])
def log(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    ending = str(request.param)
    return evaluated(tmp_path_factory.mktemp(ending), ending)


def test_an_epoch_is_a_draw_with_its_text_and_the_scorers_number(log: str) -> None:
    draws = read_draws(log, format="inspect_ai", reward="includes")
    prompts = list(ANSWERS)
    assert draws.prompts == (*prompts[:2], f"Be brief.\n{prompts[2]}")
    assert draws.counts.tolist() == [EPOCHS] * 3
    said = dict(
        zip(
            [(i, epoch) for i in range(3) for epoch in range(1, EPOCHS + 1)],
            [text for texts in ANSWERS.values() for text in texts],
            strict=True,
        )
    )
    keys = [(i, int(draws.column("draw")[i * EPOCHS + j])) for i in range(3) for j in range(4)]
    assert sorted(keys) == sorted(said)
    assert draws.texts is not None
    assert list(draws.texts) == [said[key] for key in keys]
    held = [float(TARGETS[i] in said[i, epoch]) for i, epoch in keys]
    assert draws.rewards.tolist() == held
    assert sum(held) == 2 + 2 + 1
    words = [len(text.split()) for text in draws.texts]
    assert draws.column("tokens").tolist() == words
    assert draws.column("style/words").tolist() == words
    assert not draws.column("style/shout").any()
    assert draws.column("finished").all()


def test_one_of_a_scorers_values_is_a_reward(log: str) -> None:
    draws = read_draws(log, format="inspect_ai", reward="style/words")
    assert draws.rewards.max() == 3


def test_scorers_are_asked_for_by_name(log: str) -> None:
    told = r"has the scorers 'includes', 'style/words', 'style/shout'; name one"
    with pytest.raises(InputError, match=told):
        read_draws(log, format="inspect_ai")


Frontier = Callable[..., tuple[int, str, str]]


@pytest.fixture
def frontier(capsys: pytest.CaptureFixture[str]) -> Frontier:
    """The command, with its exit code, results and all else."""

    def call(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run(["frontier", *arguments, "--format", "inspect_ai", "--kl", "0.1"])
        return (code, *capsys.readouterr())

    return call


def test_the_command_line_reads_the_log(log: str, frontier: Frontier) -> None:
    code, out, _ = frontier(log, "--reward", "includes", "--json")
    assert code == 0
    (point,) = json.loads(out)["points"]
    assert 5 / 12 < point["reward"]["value"] < 1


def test_an_ending_tells_the_format_and_reading_says_nothing_of_its_own(tmp_path: Path) -> None:
    place = evaluated(tmp_path, "eval")
    command = [sys.executable, "-m", "klimit", "frontier", place, "--reward", "includes"]
    ended = subprocess.run([*command, "--kl", "0"], capture_output=True, text=True, check=False)
    assert ended.returncode == 0
    assert all(line.startswith("note: ") for line in ended.stderr.splitlines())
    assert len(read_draws(str(tmp_path), format="inspect_ai", reward="includes")) == 12


def test_a_log_cut_off_is_refused_in_one_line(
    log: str, frontier: Frontier, tmp_path: Path
) -> None:
    whole = Path(log)
    cut = tmp_path / f"cut{whole.suffix}"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    code, out, err = frontier(str(cut), "--reward", "includes")
    assert (code, out) == (1, "")
    assert f"{cut.name}: needed a log of inspect_ai, got none (" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("ending", ["eval", "json"])
def test_a_sample_that_failed_is_missing_its_reward(
    ending: str, frontier: Frontier, tmp_path: Path
) -> None:
    place = evaluated(tmp_path, ending, broken="four", fail_on_error=False)
    code, out, err = frontier(place, "--reward", "includes")
    assert (code, out) == (1, "")
    assert "got nothing; 1 of 12 are missing (prompt '2 + 2 = ?' (1)); mend" in err
    assert err.count("\n") == 1
    assert frontier(place, "--reward", "includes", "--missing", "drop")[0] == 0


@pytest.mark.parametrize("ending", ["eval", "json"])
def test_an_evaluation_without_scores_has_no_reward(
    ending: str, frontier: Frontier, tmp_path: Path
) -> None:
    code, out, err = frontier(evaluated(tmp_path, ending, score=False))
    assert (code, out) == (1, "")
    assert "needed the reward of each draw, got no scorers" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("ending", ["eval", "json"])
def test_the_logs_kept_in_the_repository_are_read(ending: str) -> None:
    path = FILES / f"inspect.{ending}"
    draws = read_draws(path, format="inspect_ai", reward="match")
    assert draws.rewards.reshape(3, 4).sum(axis=1).tolist() == [3, 2, 2]
