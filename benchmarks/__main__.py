"""Run every benchmark of this folder: ``python -m benchmarks``, or those named behind it."""

import os
import platform
import sys
from importlib import import_module, metadata
from pathlib import Path
from time import perf_counter

HERE = Path(__file__).parent


def main(names: list[str]) -> None:
    if unknown := [name for name in names if name not in benchmarks()]:
        sys.exit(f"no benchmark {', '.join(unknown)}; there are {', '.join(benchmarks())}")
    print(machine(), flush=True)
    for name in names or benchmarks():
        module = import_module(f"benchmarks.{name}")
        print(f"\n{name}: {module.__doc__.splitlines()[0]}", flush=True)
        start = perf_counter()
        module.main()
        print(f"({perf_counter() - start:.0f} s)", flush=True)


def benchmarks() -> list[str]:
    """Files of this folder that define ``main``: one a question."""
    files = sorted(HERE.glob("*.py"))
    return [f.stem for f in files if f.stem[0] != "_" and "\ndef main(" in f.read_text()]


def machine() -> str:
    """What the numbers were measured on."""
    versions = [f"{name} {metadata.version(name)}" for name in ("klimit", "numpy", "scipy")]
    return (
        f"{os.cpu_count()} cores of {_processor()}, {platform.system()}, "
        f"Python {platform.python_version()}, {', '.join(versions)}"
    )


def _processor() -> str:
    described = Path("/proc/cpuinfo")
    if described.exists():
        for line in described.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


if __name__ == "__main__":
    main(sys.argv[1:])
