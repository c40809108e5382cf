"""``klimit demo``."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from klimit.cli.console import say
from klimit.cli.options import Count, Positive
from klimit.core.errors import InputError

if TYPE_CHECKING:
    from klimit.models.rewards.registry import Reward

__all__ = ["Asked", "demo"]

_MODEL = "smollm2-135m-instruct"


def demo(
    *,
    model: str = _MODEL,
    prompts: Path | None = None,
    reward: str = "vader",
    draws: Count = 64,
    kl: Positive = 1.0,
    max_tokens: Count = 40,
    seed: Annotated[int, Parameter(validator=Number(gte=0))] = 0,
    out: Path = Path("klimit-demo"),
    missing: Literal["fail", "drop"] = "fail",
) -> int:
    """Draw from a language model, find what a KL budget holds, and check it on fresh draws.

    Responses are drawn at temperature 1 from the model itself and scored; frontier and
    best-of-N curve are estimated; then best-of-N is really run at the N that the budget
    allows, and what it brings is put beside what was predicted. Ends with a report.

    All draws are kept in the run directory as they arrive. Interrupted, the same command goes
    on from there; run again, it draws nothing twice.

    Args:
        model: A name that `klimit models` lists, a path that ends in .gguf, or the address of
            an OpenAI-compatible endpoint (http://host:port/v1, with #NAME to choose a model).
            An API key is taken from KLIMIT_API_KEY or OPENAI_API_KEY in the environment.
        prompts: File with a prompt a line, or .jsonl with a field prompt; sixteen everyday
            prompts if not given.
        reward: A name that `klimit models` lists, or module:function of your own.
        draws: Draws of each prompt.
        kl: Budget in nats.
        max_tokens: Most tokens of a response.
        seed: Root seed of all draws.
        out: Run directory.
        missing: What to do about responses that the reward gave no number: they are always
            kept, counted and left out of the estimates; fail exits 1 at the end, drop does not.

    Returns:
        The exit code.
    """
    from klimit.cli.demo_run import DemoRun
    from klimit.cli.report import write_report
    from klimit.models.rewards.registry import load_reward

    asked = Asked(model, _prompts(prompts), load_reward(reward), draws, kl, max_tokens, seed)
    if draws < 2:
        raise InputError("a frontier needs at least 2 draws of each prompt, got 1")
    say("note", f"seed {seed}, run directory {out}")
    with DemoRun.open(asked, out) as run:
        document = run.carry_out()
        write_report(document, out / "report.html")
        unscored = run.unscored
    if unscored:
        say("error" if missing == "fail" else "note", unscored)
    return 1 if unscored and missing == "fail" else 0


@dataclass(frozen=True, slots=True)
class Asked:
    """What the demo was asked for.

    Attributes:
        model: A name, a path or an address.
        prompts: The prompts, each once.
        reward: The reward.
        draws: Draws of each prompt.
        kl: Budget in nats.
        max_tokens: Most tokens of a response.
        seed: Root seed.
    """

    model: str
    prompts: Sequence[str]
    reward: "Reward"
    draws: int
    kl: float
    max_tokens: int
    seed: int


def _prompts(path: Path | None) -> list[str]:
    from klimit.data.prompts import everyday_prompts, read_prompts

    return everyday_prompts() if path is None else read_prompts(path)
