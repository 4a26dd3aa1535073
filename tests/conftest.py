"""What every test run needs: a quiet, small TensorFlow and a clean place to work."""

import functools
import gc
import json
import os
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.datasets import load_diabetes, load_iris

from skautokeras._data import (
    ClassAdapter,
    NumberAdapter,
    Rows,
    SplitRows,
    StructuredDataAdapter,
    split_indices,
)
from skautokeras.datasets import load_titanic

# Before anything imports TensorFlow, and inherited by the processes that tests start.
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
# Keras writes its configuration there on import, and would read the user's.
_keras_home = tempfile.TemporaryDirectory(prefix="keras-home-")
os.environ["KERAS_HOME"] = _keras_home.name
if "PYTEST_XDIST_WORKER" in os.environ:
    # Two workers with all the threads of the machine each wait for one another.
    os.environ["TF_NUM_INTRAOP_THREADS"] = "1"
    os.environ["TF_NUM_INTEROP_THREADS"] = "1"
    os.environ["OMP_NUM_THREADS"] = "1"

# Whenever there are some hundreds of new objects, Python looks through all objects, and
# those of TensorFlow take 0.3 s. A fifth of the time of the tests went into that.
gc.set_threshold(10_000, 20, 10)

# The same examples in every run, without a time limit that a busy machine breaks and
# without a folder of past failures.
hypothesis.settings.register_profile(
    "skautokeras", deadline=None, derandomize=True, database=None
)
hypothesis.settings.load_profile("skautokeras")


# The tests below these paths fit whole searches, start processes or train every block,
# so all of them are slow.
SLOW = (
    "tests/conformance",
    "tests/estimators",
    "tests/export",
    "tests/search/test_executors.py",
    "tests/search/test_pool.py",
    "tests/space/test_catalogue.py",
    "tests/test_sklearn_conformance.py",
    "tests/training/test_members.py",
    "skautokeras/_estimators",
)


def pytest_collection_modifyitems(config, items):
    """Mark what is slow, so that the other tests answer in three minutes."""
    paths = tuple(str(config.rootpath / path) for path in SLOW)
    for item in items:
        if str(item.path).startswith(paths):
            item.add_marker(pytest.mark.slow)


@pytest.fixture
def titanic():
    """The Titanic table as (X, y): a DataFrame of mixed types and a 0/1 Series."""
    return load_titanic(return_X_y=True)


@dataclass(frozen=True)
class Problem:
    """A table and its target, ready to be trained on; X and y are the valid rows."""

    search_space: object
    data: SplitRows
    target: ClassAdapter | NumberAdapter
    y: np.ndarray
    X: np.ndarray

    @property
    def options(self):
        """Options for trainings of six epochs."""
        from skautokeras._training import TrainingOptions

        return TrainingOptions(heads=self.search_space.heads, epochs=6)

    def of_one_fold(self, search_space=None, options=None):
        """Return what trials share: the search space, one fold and the options."""
        from skautokeras import _training as training

        return training.Problem.of_one_fold(
            search_space or self.search_space,
            self.objective(),
            options or self.options,
        )

    def objective(self, scoring=None, **kwargs):
        """Return what scores predictions for the validation rows."""
        from skautokeras._training import make_objective

        heads, rows = self.search_space.heads, self.data.valid
        targets = dict.fromkeys(heads, self.target)
        y_true = dict.fromkeys(heads, self.y)
        return make_objective(scoring, heads, targets, rows, y_true=y_true, **kwargs)

    def train(
        self,
        values=None,
        *,
        seed=0,
        data=None,
        options=None,
        deadline=None,
        **changes,
    ):
        """Build and train; return the network and the monitor."""
        from skautokeras._state import Deadline, seeded
        from skautokeras._training import train

        data = data or self.data
        with seeded(seed):
            built = self.search_space.build(values or {})
            monitor = train(
                built,
                replace(options or self.options, **changes),
                data.train,
                data.valid,
                self.objective(),
                deadline=deadline or Deadline(None),
                seed=seed,
                on_epoch=lambda epoch, logs: False,
            )
        return built, monitor


def make_problem(X, y, *, head, target, stratify):
    """Take a table through the adapters, to one dense block."""
    from skautokeras import DenseBlock, StructuredDataInput
    from skautokeras._space import Graph, SearchSpace

    adapter, target = StructuredDataAdapter().fit(X), target.fit(y)
    node = StructuredDataInput()
    block = DenseBlock(n_layers=1, units=16, use_batchnorm=False, residual=False)
    search_space = SearchSpace(
        Graph([node], [head(block(node))]),
        schemas=[adapter.schema_],
        targets=[target.schema_],
        n_samples=len(y),
        batch_size=16,
    )
    (name,) = search_space.heads
    rows = Rows(adapter.transform(X), {name: target.transform(y)}, None)
    train_rows, valid_rows = split_indices(y, 0.3, stratify=stratify, seed=0)
    data = SplitRows(rows.take(train_rows), rows.take(valid_rows), all=rows)
    return Problem(search_space, data, target, y[valid_rows], X[valid_rows])


@pytest.fixture(scope="session")
def problem():
    """Iris as a problem for one dense block."""
    from skautokeras import ClassificationHead

    X, y = load_iris(return_X_y=True)
    return make_problem(
        X, y, head=ClassificationHead(), target=ClassAdapter(), stratify=True
    )


@pytest.fixture(scope="session")
def words_problem():
    """A sparse table of 1200 columns, of which ten tell what class a row is of."""
    from skautokeras import ClassificationHead

    rng = np.random.default_rng(0)
    y = np.arange(400) % 2
    telling = rng.integers(0, 5, 400) + 5 * y
    columns = np.column_stack([telling, rng.integers(10, 1200, (400, 6))]).ravel()
    starts = np.arange(0, len(columns) + 1, 7)
    X = csr_matrix((np.full(len(columns), 0.4), columns, starts), shape=(400, 1200))
    return make_problem(
        X, y, head=ClassificationHead(), target=ClassAdapter(), stratify=True
    )


@pytest.fixture(scope="session")
def regression_problem():
    """Half of the diabetes table as a problem for one dense block."""
    from skautokeras import RegressionHead

    X, y = load_diabetes(return_X_y=True)
    return make_problem(
        X[::2], y[::2], head=RegressionHead(), target=NumberAdapter(), stratify=False
    )


@pytest.fixture(scope="session")
def measured_problem():
    """320 training rows of two classes, with a metric that is no mean over rows."""
    from skautokeras import ClassificationHead

    X = np.random.default_rng(0).standard_normal((458, 3))
    return make_problem(
        X,
        (X[:, 0] > 0).astype(int),
        head=ClassificationHead(metrics=["AUC"]),
        target=ClassAdapter(),
        stratify=True,
    )


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self):
        """Return the time in seconds."""
        return self.now


@pytest.fixture
def clock():
    """A clock that is set by hand, for a `Deadline`."""
    return Clock()


@pytest.fixture(scope="session")
def tiny_preset(tmp_path_factory):
    """From the name of an architecture of KerasHub to the folder of a tiny preset."""
    return functools.cache(
        lambda kind: _save_tiny_preset(kind, tmp_path_factory.mktemp(kind))
    )


def _save_tiny_preset(kind, folder):
    import keras

    keras_hub = pytest.importorskip("keras_hub")

    words = ["a", "dry", "red", "wine", "##s", "good", "bad", "oak", "with"]
    if kind == "roberta":
        vocabulary = [
            "<s>",
            "<pad>",
            "</s>",
            "<mask>",
            "<unk>",
            *map(chr, range(97, 123)),
        ]
        vocabulary = [*vocabulary, "\u0120", "go", "od", "good"]
        tokenizer = keras_hub.models.RobertaTokenizer(
            vocabulary={token: i for i, token in enumerate(vocabulary)},
            merges=["g o", "o d", "go od"],
        )
        backbone_class = keras_hub.models.RobertaBackbone
    else:
        marks = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        family = {"bert": "Bert", "distil_bert": "DistilBert"}[kind]
        tokenizer = getattr(keras_hub.models, f"{family}Tokenizer")(
            vocabulary=[*marks, *words], lowercase=True
        )
        backbone_class = getattr(keras_hub.models, f"{family}Backbone")
    keras.utils.set_random_seed(0)
    backbone = backbone_class(
        vocabulary_size=tokenizer.vocabulary_size(),
        num_layers=1,
        num_heads=2,
        hidden_dim=8,
        intermediate_dim=16,
        max_sequence_length=32,
    )
    backbone.save_to_preset(str(folder))
    tokenizer.save_to_preset(str(folder))
    return str(folder)


@pytest.fixture(scope="session")
def write_bert():
    """From a folder to the same one, in which there is a tiny BERT of Hugging Face.

    ``seed`` is that of the weights, and further arguments are fields of config.json.
    There is no vocabulary in a file of its own. The last of 15 word pieces is "rose".
    """
    pytest.importorskip("keras_hub")
    pytest.importorskip("safetensors")
    return _write_bert


def _write_bert(folder, seed=0, **fields):
    from safetensors.numpy import save_file

    marks = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words = ["a", "dry", "red", "wine", "##s", "good", "bad", "oak", "with", "rose"]
    vocabulary = {piece: i for i, piece in enumerate([*marks, *words])}
    rng, width, hidden = np.random.default_rng(seed), 8, 16
    shapes = {
        "embeddings.word_embeddings.weight": (len(vocabulary), width),
        "embeddings.position_embeddings.weight": (32, width),
        "embeddings.token_type_embeddings.weight": (2, width),
        "embeddings.LayerNorm.weight": (width,),
        "embeddings.LayerNorm.bias": (width,),
        "pooler.dense.weight": (width, width),
        "pooler.dense.bias": (width,),
    }
    inner = {"intermediate.dense": (hidden, width), "output.dense": (width, hidden)}
    inner |= {
        f"attention.{name}": (width, width)
        for name in ("self.query", "self.key", "self.value", "output.dense")
    }
    for name, shape in inner.items():
        shapes[f"encoder.layer.0.{name}.weight"] = shape
        shapes[f"encoder.layer.0.{name}.bias"] = shape[:1]
    for name in ("attention.output", "output"):
        shapes[f"encoder.layer.0.{name}.LayerNorm.weight"] = (width,)
        shapes[f"encoder.layer.0.{name}.LayerNorm.bias"] = (width,)
    weights = {k: rng.normal(0, 0.5, s).astype("float32") for k, s in shapes.items()}
    config = {
        "model_type": "bert",
        "vocab_size": len(vocabulary),
        "hidden_size": width,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": hidden,
        "hidden_dropout_prob": 0.1,
        "max_position_embeddings": 32,
    }
    tokenizer = {
        "normalizer": {"type": "BertNormalizer", "lowercase": True},
        "model": {"type": "WordPiece", "vocab": vocabulary},
    }
    folder.mkdir(exist_ok=True)
    save_file(weights, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config | fields))
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    return folder


@pytest.fixture(scope="session")
def tiny_default_preset(tiny_preset):
    """Let the default preset of `BertBlock` be a tiny one: nothing is downloaded."""
    import keras_hub

    default, folder = "bert_tiny_en_uncased", tiny_preset("bert")
    with pytest.MonkeyPatch.context() as patch:
        for kind in (keras_hub.models.Tokenizer, keras_hub.models.Backbone):
            load = kind.from_preset
            patch.setattr(
                kind,
                "from_preset",
                lambda preset, load=load, **options: load(
                    folder if preset == default else preset, **options
                ),
            )
        yield


def _visible_entries():
    """Return the unhidden entries of the working directory and of the home directory.

    Hidden ones are the caches of pytest, ruff, coverage and others.
    """
    entries = {*Path.cwd().iterdir(), *Path.home().iterdir()}
    return {path for path in entries if not path.name.startswith((".", "__pycache__"))}


@pytest.fixture(scope="session", autouse=True)
def _nothing_is_left_behind():
    """Fail the run if it leaves a file where the user did not ask for one."""
    before = _visible_entries()
    yield
    left = sorted(str(path) for path in _visible_entries() - before)
    assert not left, f"The tests left files behind: {left}"
