"""Bring README.md up to date: what its commands print, and its pictures.

python tools/readme.py
"""

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
EXAMPLE = "examples/smollm2_draws.parquet"
PICTURES = {
    "frontier": f"frontier {EXAMPLE} --reward sentiment --kl 0.25,0.5,1,2,4",
    "plan": f"plan {EXAMPLE} --reward sentiment --kl 1",
    "audit": (
        "audit examples/smollm2_tuned.parquet --policy step_20 "
        f"--reference {EXAMPLE} --reward sentiment"
    ),
    "overopt": f"overopt {EXAMPLE} --reward sentiment --gold relevance",
}
TERMINAL = {"COLUMNS": "96", "LINES": "50", "TTY_COMPATIBLE": "1", "TERM": "dumb"}


def main() -> None:
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    block = re.compile(r"^```console\n(\$ klimit [^\n]*)\n.*?^```$", re.DOTALL | re.MULTILINE)
    readme.write_text(block.sub(shown, text), encoding="utf-8")
    (ROOT / "docs" / "images").mkdir(exist_ok=True)
    for name, command in PICTURES.items():
        klimit(f"{command} --plot docs/images/{name}.svg")


def shown(match: re.Match[str]) -> str:
    output = klimit(match[1].removeprefix("$ klimit "))
    lines = "\n".join(line.rstrip() for line in output.rstrip().splitlines())
    return f"```console\n{match[1]}\n{lines}\n```"


def klimit(command: str) -> str:
    done = subprocess.run(
        ["klimit", *command.split()],
        cwd=ROOT,
        env={**os.environ, **TERMINAL},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout


if __name__ == "__main__":
    main()
