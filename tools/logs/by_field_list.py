"""Write fixtures of tools that do not install without a GPU, by the fields they write.

python tools/logs/by_field_list.py tests/data/logs/files

OpenRLHF: input, output and reward (openrlhf/cli/batch_inference.py, `batch_rm_inference`, until
March 2026).
"""

import json
import sys
from pathlib import Path

ANSWERS = {
    "What is 2 + 2?": ("4", [("It is 4.", 1.0), ("5", 0.0), ("#### 4", 1.0)]),
    "What is 3 * 3?": ("9", [("9", 1.0), ("6", 0.0), ("33", -0.5)]),
}


def lines(rows: list[dict[str, object]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


openrlhf = []
for prompt, (_, answers) in ANSWERS.items():
    for answer, score in answers:
        openrlhf.append({"input": prompt, "output": answer, "reward": score})
(Path(sys.argv[1]) / "openrlhf.jsonl").write_text(lines(openrlhf))
