"""What every test run needs: a quiet, small TensorFlow and a clean place to work."""

import functools
import os
import tempfile
from pathlib import Path

import hypothesis
import pytest

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

# The same examples in every run, without a time limit that a busy machine breaks and
# without a folder of past failures.
hypothesis.settings.register_profile(
    "skautokeras", deadline=None, derandomize=True, database=None
)
hypothesis.settings.load_profile("skautokeras")


@pytest.fixture
def titanic():
    """The Titanic table as (X, y): a DataFrame of mixed types and a 0/1 Series."""
    return load_titanic(return_X_y=True)


@pytest.fixture(scope="session")
def tiny_preset(tmp_path_factory):
    """From the name of an architecture of KerasHub to the folder of a tiny preset."""
    return functools.cache(
        lambda kind: _save_tiny_preset(kind, tmp_path_factory.mktemp(kind))
    )


def _save_tiny_preset(kind, folder):
    import keras
    import keras_hub

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
