"""Write fixtures of tools that do not install without a GPU, by the fields they write.

python tools/logs/by_field_list.py tests/data/logs/files

verl: one JSON object a line with input, output, gts, score, step and what the reward function
adds (verl/trainer/ppo/ray_trainer.py, `_write_generations`, August 2026); metrics: one object
{"step", "data"} a line (verl/utils/tracking.py, `FileLogger`).
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


verl, openrlhf = [], []
for prompt, (target, answers) in ANSWERS.items():
    for answer, score in answers:
        extra = {"acc": score == 1.0, "pred": answer[-2:], "request_id": f"r{len(verl)}"}
        row = {"input": prompt, "output": answer, "gts": target, "score": score, "step": 3}
        verl.append(row | extra)
        openrlhf.append({"input": prompt, "output": answer, "reward": score})
folder = Path(sys.argv[1])
(folder / "verl_rollouts.jsonl").write_text(lines(verl))
(folder / "openrlhf.jsonl").write_text(lines(openrlhf))
