"""Write samples_*.jsonl of lm-evaluation-harness, by its own writer.

Run in an environment of its own: pip install lm_eval==0.4.13, then
python tools/logs/lm_eval_samples.py tests/data/logs/files
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

from lm_eval import simple_evaluate
from lm_eval.api.model import LM
from lm_eval.loggers import EvaluationTracker
from lm_eval.tasks import TaskManager

QUESTIONS = [("2 + 2 =", "4"), ("Capital of France:", "Paris"), ("Opposite of hot:", "cold")]
ANSWERS = [["4", "5", "4", " 4"], ["Paris", "Rome", "Lyon", "Paris"], ["warm"] * 3 + ["cold"]]

COMMON = """
dataset_path: json
dataset_kwargs: {{data_files: {{test: {data}}}}}
test_split: test
output_type: generate_until
doc_to_text: "{{{{question}}}}"
doc_to_target: "{{{{answer}}}}"
generation_kwargs: {{until: ["\\n"], do_sample: true, temperature: 1.0}}
"""
SINGLE = (
    COMMON
    + """
task: single
metric_list: [{{metric: exact_match, aggregation: mean, higher_is_better: true}}]
"""
)
REPEATED = (
    COMMON
    + """
task: repeated
repeats: 4
filter_list:
  - {{name: all, filter: [{{function: take_first_k, k: 4}}]}}
process_results: !function scoring.process
metric_list: [{{metric: correct, aggregation: !function scoring.average}}]
"""
)
SCORING = """
def process(doc, results):
    return {"correct": [float(text.strip() == doc["answer"]) for text in results[0]]}


def average(items):
    return sum(map(sum, items)) / sum(map(len, items))
"""


class Canned(LM):
    """Answers from the list above, one after the other."""

    def generate_until(self, requests):
        asked: dict[tuple[str, int], int] = {}
        texts = []
        for request in requests:
            key = (request.task_name, request.doc_id)
            turn = asked[key] = asked.get(key, -1) + 1
            texts.append(ANSWERS[request.doc_id][turn])
        return texts

    def loglikelihood(self, requests):
        raise NotImplementedError

    def loglikelihood_rolling(self, requests):
        raise NotImplementedError


with tempfile.TemporaryDirectory() as name:
    folder = Path(name)
    lines = [json.dumps({"question": q, "answer": a}) for q, a in QUESTIONS]
    (folder / "data.jsonl").write_text("\n".join(lines))
    (folder / "scoring.py").write_text(SCORING)
    for task, text in {"single": SINGLE, "repeated": REPEATED}.items():
        (folder / f"{task}.yaml").write_text(text.format(data=folder / "data.jsonl"))
    tasks = TaskManager(include_path=name, include_defaults=False)
    result = simple_evaluate(
        Canned(), tasks=["single", "repeated"], task_manager=tasks, log_samples=True
    )
    tracker = EvaluationTracker(output_path=name)
    tracker.date_id = "today"
    for task, samples in result["samples"].items():
        tracker.save_results_samples(task, samples)
        (written,) = folder.rglob(f"samples_{task}_*.jsonl")
        shutil.copyfile(written, Path(sys.argv[1]) / f"samples_{task}.jsonl")
