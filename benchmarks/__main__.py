"""Time what klimit is to be fast at: ``python -m benchmarks``, or what is named behind it.

Studies of coverage simulate for minutes to hours, and run where they are named.
"""

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
    studies = [name for name in benchmarks() if name.endswith("coverage")]
    for name in names or [name for name in benchmarks() if name not in studies]:
        module = import_module(f"benchmarks.{name}")
        print(f"\n{name}: {str(module.__doc__).splitlines()[0]}", flush=True)
        start = perf_counter()
        module.main()
        print(f"({perf_counter() - start:.0f} s)", flush=True)
    if not names:
        print(f"\nby name, for minutes to hours: {', '.join(studies)}")


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
