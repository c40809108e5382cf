"""How fast, and in how much memory, does a table of ten million draws become `Draws`?

Against polars' own read of the same columns, answers compared first. Each case runs in a
process of its own, so that its peak memory is its own.
"""

import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from klimit import Draws, read_draws

ROWS = 10_000_000
PROMPTS = 2_000
COLUMNS = ["prompt", "draw", "response", "reward"]


def main() -> dict[str, object]:
    """Measure the cases and print a line each.

    Returns:
        Seconds and peak memory of each case, as ratios to polars and to the table.
    """
    results: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as folder:
        for order in ("grouped", "shuffled"):
            path = Path(folder) / f"{order}.parquet"
            _in_own_process(_write, path, order == "shuffled")
            plain = _in_own_process(_polars, path)
            ours = _in_own_process(_klimit, path)
            ratio = {
                "rows": ROWS,
                "seconds": ours["seconds"],
                "times_polars": ours["seconds"] / plain["seconds"],
                "peak_memory_of_table": ours["peak"] / plain["table"],
                "polars_peak_memory_of_table": plain["peak"] / plain["table"],
            }
            results[order] = ratio
            print(
                f"{order}: {ratio['seconds']:.1f} s, {ratio['times_polars']:.1f} times polars' "
                f"read; peak memory {ratio['peak_memory_of_table']:.2f} times the table "
                f"(polars {ratio['polars_peak_memory_of_table']:.2f})"
            )
            if ours["sum"] != plain["sum"]:
                raise SystemExit("the two readers disagree")
    return results


def _in_own_process(
    case: Callable[..., dict[str, float]], *arguments: object
) -> dict[str, float]:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(case, arguments)


def _write(path: Path, shuffled: bool) -> dict[str, float]:  # noqa: FBT001
    rng = np.random.default_rng(0)
    code = np.arange(ROWS) // (ROWS // PROMPTS)
    draw = np.arange(ROWS) % (ROWS // PROMPTS)
    if shuffled:
        rng.shuffle(code)
    frame = pl.DataFrame(
        {"code": code, "draw": draw, "reward": np.round(rng.normal(size=ROWS), 6)}
    )
    frame.select(
        prompt=pl.format("Question {} of the benchmark, in some words?", "code"),
        draw=pl.col("draw") if not shuffled else pl.int_range(ROWS),
        response=pl.format(
            "Answer {} to it: {} and so on, a sentence or two.", "draw", "reward"
        ),
        reward="reward",
    ).write_parquet(path)
    return {}


def _polars(path: Path) -> dict[str, float]:
    before, start = _memory(), time.perf_counter()
    frame = pl.scan_parquet(path).select(COLUMNS).collect()
    seconds, peak = time.perf_counter() - start, _memory() - before
    total = float(np.sort(frame["reward"].to_numpy()).sum())
    return {
        "seconds": seconds,
        "peak": peak,
        "table": float(frame.estimated_size()),
        "sum": total,
    }


def _klimit(path: Path) -> dict[str, float]:
    pl.DataFrame({"x": [1]}).lazy().collect()
    read_draws(pl.DataFrame({"prompt": ["a"], "reward": [1.0]}))
    before, start = _memory(), time.perf_counter()
    draws: Draws = read_draws(path)
    seconds, peak = time.perf_counter() - start, _memory() - before
    return {"seconds": seconds, "peak": peak, "sum": float(np.sort(draws.rewards).sum())}


def _memory() -> float:
    """Peak resident memory of this process so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0


if __name__ == "__main__":
    main()
