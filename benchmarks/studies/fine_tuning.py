"""Accuracy of a pretrained model for texts that is trained further in several ways.

Each way is one training of `BertBlock` with a linear head, on the first rows of a
training file that has been shuffled. It is judged on other rows of the same file; test
files are not read. The frozen vectors of the model stand beside them. A row is printed
as soon as it has been measured.
"""

import argparse
import sys
import time
from pathlib import Path

from benchmarks.datasets.rows import some_rows
from benchmarks.datasets.text_data import TASKS, read_texts
from benchmarks.harness.markdown import markdown_table

# Parameters of `BertBlock` by the name of the way. None of them is searched.
WAYS = {
    "frozen": {"trainable": False, "vectors": "encoder"},
    "all layers": {},
    "head first": {"head_first": 0.25},
    "first layers slower": {"first_layer_rate": 0.3},
    "first layers much slower": {"first_layer_rate": 0.1},
    "last half": {"trained_share": 0.5},
    "last third": {"trained_share": 0.3},
    "last third, rate x 3": {"trained_share": 0.3, "learning_rate_factor": 0.1},
    "last third, rate x 3, head first": {
        "trained_share": 0.3,
        "learning_rate_factor": 0.1,
        "head_first": 0.25,
    },
}
# What all ways have that train the weights, unless they say otherwise.
USUAL = {
    "trainable": True,
    "learning_rate_factor": 0.03,
    "first_layer_rate": 1.0,
    "head_first": 0.0,
    "trained_share": 1.0,
    "pooling": "mean",
    "sequence_length": 128,
    "dropout": 0.1,
}
# Values of the training, those of the predefined configurations.
TUNED = {"learning_rate": 2e-3, "weight_decay": 1e-2, "warm_up": 0.1}
HEAD = {"learning_rate": 1e-2, "weight_decay": 3e-1}
HEAD_EPOCHS, BATCH_SIZE = 64, 32
HEADINGS = ["way", "test score", "validation score", "epochs", "seconds"]


def parse_arguments(arguments=None):
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder of the data sets")
    parser.add_argument("model", help="name or folder of the pretrained model")
    parser.add_argument("--dataset", choices=TASKS, default="ag_news")
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--test-rows", type=int, default=1000)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(arguments)


def make_model(way, task, preset, epochs, seed):
    """Return an estimator that trains one network in this way."""
    from skautokeras import (
        AutoModel,
        BertBlock,
        ClassificationHead,
        RegressionHead,
        TextInput,
    )

    is_frozen = way == "frozen"
    parameters = WAYS[way] if is_frozen else {**USUAL, **WAYS[way]}
    training = HEAD if is_frozen else TUNED

    class OneWay(BertBlock):
        def known_configurations(self, schemas, targets):
            return [{f"training/{name}": value for name, value in training.items()}]

    text = TextInput()
    head = ClassificationHead() if task == "classification" else RegressionHead()
    return AutoModel(
        text,
        head(OneWay(preset=preset, **parameters)(text)),
        max_trials=1,
        epochs=HEAD_EPOCHS if is_frozen else epochs,
        batch_size=BATCH_SIZE,
        cv=None,
        refit=False,
        ensemble_size=1,
        random_state=seed,
    )


def measure(way, arguments, train, test):
    """Return a row of the table."""
    task = TASKS[arguments.dataset]
    epochs, seed = arguments.epochs, arguments.seed
    model = make_model(way, task, arguments.model, epochs, seed)
    start = time.perf_counter()
    model.fit(*train)
    seconds = time.perf_counter() - start
    trial = model.leaderboard_.iloc[0]
    return [
        way,
        f"{model.score(*test):.4f}",
        f"{trial['score']:.4f}",
        f"{trial['epochs']}",
        f"{seconds:.0f}",
    ]


def main(arguments=None):
    """Measure all ways and print a Markdown table."""
    parsed = parse_arguments(arguments)
    X, y = read_texts(parsed.folder, parsed.dataset, "train")
    X, y = some_rows(X, y, parsed.rows + parsed.test_rows, parsed.seed)
    train = X[: parsed.rows], y[: parsed.rows]
    test = X[parsed.rows :], y[parsed.rows :]
    rows = []
    for way in parsed.ways:
        rows.append(measure(way, parsed, train, test))
        sys.stdout.write(f"{' | '.join(rows[-1])}\n")
        sys.stdout.flush()
    table = markdown_table(HEADINGS, rows)
    sys.stdout.write(f"\n{parsed.dataset}, {parsed.rows} rows\n\n{table}\n")


if __name__ == "__main__":
    main()
