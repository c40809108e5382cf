"""Write the log inspect.eval, and .json, with epochs, by inspect_ai with its mock model.

Run in an environment of its own: pip install inspect_ai==0.3.285, then
python tools/logs/inspect_ai_log.py tests/data/logs/files
"""

import sys
import tempfile
from pathlib import Path

from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.log import read_eval_log, write_eval_log
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import Score, Target, match, mean, scorer
from inspect_ai.solver import TaskState, generate

ANSWERS = {
    "2 + 2 =": ("4", "5", "4", "It is 4"),
    "The capital of France is": ("Paris", "Rome", "Paris, of course", "Lyon"),
    "Opposite of hot:": ("warm", "cold", "cool", "cold"),
}


@scorer(metrics=[mean()])
def brevity():
    async def score(state: TaskState, target: Target) -> Score:
        return Score(value=1.0 / (1.0 + len(state.output.completion)))

    return score


def answer(messages, *others):
    prompt = messages[-1].text
    turn = counts[prompt] = counts.get(prompt, -1) + 1
    text = ANSWERS[prompt][turn]
    output = ModelOutput.from_content("mockllm/model", text)
    output.usage = ModelUsage(input_tokens=5, output_tokens=len(text.split()), total_tokens=9)
    return output


counts: dict[str, int] = {}
targets = ["4", "Paris", "cold"]
task = Task(
    dataset=[
        Sample(input=prompt, target=target, id=f"item-{i}")
        for i, (prompt, target) in enumerate(zip(ANSWERS, targets, strict=True))
    ],
    solver=generate(),
    scorer=[match(location="any"), brevity()],
    epochs=4,
)
with tempfile.TemporaryDirectory() as folder:
    (log,) = eval(
        task,
        model=get_model("mockllm/model", custom_outputs=answer),
        log_dir=folder,
        display="none",
        max_samples=1,
        log_model_api=False,
    )
    if log.status != "success":
        sys.exit(f"the evaluation ended with {log.status}: {log.error}")
    log = read_eval_log(log.location)
log.eval.revision = None
for sample in log.samples:
    sample.events, sample.attachments = [], {}  # what a reader of scores does not need
for ending in ("eval", "json"):
    write_eval_log(log, str(Path(sys.argv[1]) / f"inspect.{ending}"))
