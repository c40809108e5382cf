"""Drawing from the demo's model: klimit's requests, separate calls, and one bare request."""

import os
import sys
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from time import perf_counter

from klimit.core.rng import draw_seed
from klimit.models.backends.llama import LlamaModel
from klimit.models.protocols import Completion, Request
from klimit.models.weights import cached_weights
from klimit.sample.draw import Drawn, Wanted, draw_all

PROMPTS = ("What should I cook tonight with rice and eggs?", "Describe the taste of coffee.")
DRAWS, SEPARATE, TOKENS, SEED = 64, 16, 40, 11


def main() -> dict[str, object]:
    path = cached_weights("smollm2-135m-instruct")
    if path is None:
        print("drawing: left out, for `klimit models fetch smollm2-135m-instruct` was not run")
        return {}
    rates, same = rates_of(path)
    print(f"drawing with {path.name}, at most {TOKENS} tokens, tokens/s:")
    for name, rate in rates.items():
        print(f"  {name:24s} {rate:8.0f}   klimit {rates['klimit'] / rate:6.2f} x")
    print(f"  of {SEPARATE} draws, {same} are the same as in separate calls with their seeds")
    return {"tokens_per_second": rates, "same_draws": same}


def rates_of(path: Path) -> tuple[dict[str, float], int]:
    model = LlamaModel(path)
    drawn: dict[tuple[int, int], Completion] = {}

    def keep(some: list[Drawn]) -> None:
        drawn.update({(one.index, one.draw): one.completion for one in some})

    wanted = [Wanted(i, prompt, range(DRAWS)) for i, prompt in enumerate(PROMPTS)]
    seeds = [draw_seed(SEED, prompt=0, draw=draw) for draw in range(SEPARATE)]
    model.complete(Request("Hello.", 1, 0, 4))
    rates = {
        "klimit": rate(
            lambda: draw_all(
                model,
                wanted,
                seed=SEED,
                max_tokens=TOKENS,
                on_drawn=keep,
                on_stop=lambda _: None,
            ),
            lambda: list(drawn.values()),
        )
    }
    bare: list[Completion] = []
    request = Request(PROMPTS[0], DRAWS, seeds[0], TOKENS)
    rates["one request of 64"] = rate(
        lambda: bare.extend(model.complete(request)), lambda: bare
    )
    single: list[Completion] = []
    rates["separate calls"] = rate(
        lambda: single.extend(
            chain(*(model.complete(Request(PROMPTS[0], 1, s, TOKENS)) for s in seeds))
        ),
        lambda: single,
    )
    model.close()
    same = sum(drawn[0, i].text == one.text for i, one in enumerate(single))
    return rates, same


def rate(work: Callable[[], object], made: Callable[[], list[Completion]]) -> float:
    start = perf_counter()
    work()
    seconds = perf_counter() - start
    return sum(completion.tokens or 0 for completion in made()) / seconds


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)  # llama.cpp's threads need not be waited for
