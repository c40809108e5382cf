"""Write the folders dataset*: scores and responses in lists, by the datasets package.

Run in an environment of its own: pip install datasets==5.2.0, then
python tools/logs/datasets_folder.py tests/data/logs/files
"""

import shutil
import sys
from pathlib import Path

from datasets import Dataset, DatasetDict

ROWS = {
    "prompt": ["2 + 2 =", "The capital of France is", "Opposite of hot:"],
    "responses": [["4", "5", "four"], ["Paris", "Lyon"], ["cold", "warm", "cool", "icy"]],
    "scores": [[1.0, 0.0, 0.75], [0.5, -0.25], [1.0, 0.0, 0.25, 0.5]],
    "gold": [[1, 0, 1], [1, 0], [1, 0, 0, 0]],
    "sources": [["web"], ["book", "web", "book"], []],
}
target = Path(sys.argv[1])
rows = Dataset.from_dict(ROWS)
for name, data in {
    "dataset": rows,
    "dataset_splits": DatasetDict(train=rows, test=rows.select([0])),
}.items():
    shutil.rmtree(target / name, ignore_errors=True)
    options = {"num_shards": 2} if name == "dataset" else {}
    data.save_to_disk(target / name, **options)
