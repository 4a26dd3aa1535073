"""A kind of data that the package does not know: short strings of DNA.

All that it takes is public: an input, an adapter with its schema, a block, and a twin
in layers. It goes through `AutoModel` alone and beside a table.
"""

import pickle
from dataclasses import dataclass

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.model_selection import cross_val_score
from sklearn.utils.validation import check_is_fitted

import skautokeras
from skautokeras import (
    AutoModel,
    Block,
    Choice,
    ClassificationHead,
    InputNode,
    RawTwin,
    Schema,
    Searched,
    StructuredDataInput,
    TrainingTraits,
    saved_as,
)
from skautokeras._export import twin_of
from skautokeras.exceptions import ExportError
from skautokeras.testing import check_block, check_input

LETTERS = "ACGT"
QUICK = {"max_trials": 2, "epochs": 2, "ensemble_size": 2, "random_state": 0}


@saved_as("dna>DnaSchema")
@dataclass(frozen=True)
class DnaSchema(Schema):
    """How many letters the longest string of the training data has."""

    n_samples: int
    length: int

    traits = TrainingTraits(average_weights=True)


@saved_as("dna>DnaAdapter")
class DnaAdapter(TransformerMixin, BaseEstimator):
    """Codes of letters: 1 to 4, and 0 for other letters and behind the end."""

    def fit(self, X, y=None):
        length = max(map(len, X))
        self.schema_ = DnaSchema(n_samples=len(X), length=length)
        return self

    def transform(self, X):
        check_is_fitted(self, "schema_")
        codes = np.zeros((len(X), self.schema_.length), dtype="int32")
        for row, text in zip(codes, X, strict=True):
            for i, letter in enumerate(text[: len(row)]):
                row[i] = LETTERS.find(letter) + 1
        return {"letters": codes}

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        return tags


@keras.saving.register_keras_serializable("dna")
class DnaBlock(Block):
    """Convolutions over the letters."""

    filters = Searched(Choice((4, 8)), at_least=1, doc="Number of patterns.")

    training_priority = 1

    def build(self, hp, inputs):
        filters = self.choose(hp, "filters")
        x = keras.layers.Conv1D(filters, 3, padding="same", activation="relu")(inputs)
        return keras.layers.GlobalMaxPooling1D()(x)

    def known_configurations(self, schemas, targets):
        is_long = any(isinstance(s, DnaSchema) and s.length > 100 for s in schemas)
        few = {"filters": 4, "training/learning_rate": 1e-2}
        many = {"filters": 8, "training/learning_rate": 5e-3}
        return [many] if is_long else [few, many]


@keras.saving.register_keras_serializable("dna")
class DnaInput(InputNode):
    """Input for short strings of DNA."""

    def make_adapter(self, tokenizers=()):
        return DnaAdapter()

    def default_block(self):
        return DnaBlock()

    def symbolic(self, schema, prefix=""):
        name = f"{prefix}letters"
        codes = keras.Input((schema.length,), dtype="int32", name=name)
        one_hot = keras.ops.one_hot(codes, len(LETTERS) + 1)
        return {name: codes}, one_hot[..., 1:]


@keras.saving.register_keras_serializable("dna")
class LetterCodes(keras.layers.Layer):
    """Strings (batch,) -> codes of their letters (batch, length)."""

    def __init__(self, length, **kwargs):
        super().__init__(**kwargs)
        self.length = length

    def call(self, texts):
        letters = tf.strings.bytes_split(texts).to_tensor("", (None, self.length))
        is_letter = tf.equal(letters[..., None], tf.constant(list(LETTERS)))
        codes = tf.range(1, len(LETTERS) + 1)
        return tf.reduce_sum(tf.cast(is_letter, "int32") * codes, axis=-1)

    def compute_output_spec(self, texts):
        return keras.KerasTensor((None, self.length), dtype="int32")

    def get_config(self):
        return {**super().get_config(), "length": self.length}


class DnaTwin(RawTwin, of=DnaAdapter):
    kind = "dna"

    def arrays(self, names, inputs):
        texts = inputs.string(names[None], "strings of DNA")
        return {"letters": LetterCodes(self.adapter.schema_.length)(texts)}


def rows(n_rows=60, seed=0):
    """Return a table with DNA in it; the class is whether "GAT" is in the string."""
    rng = np.random.default_rng(seed)
    dna = [
        "".join(rng.choice(list(LETTERS), rng.integers(5, 12))) for _ in range(n_rows)
    ]
    for i in range(0, n_rows, 2):
        dna[i] = dna[i][:2] + "GAT" + dna[i][5:]
    X = pd.DataFrame({"weight": rng.normal(size=n_rows), "dna": dna})
    X["place"] = rng.choice(["sea", "lake"], n_rows)
    return X, np.where(["GAT" in text for text in dna], "yes", "no")


def test_its_parts_keep_their_contracts():
    dna = rows()[0]["dna"]
    check_input(DnaInput(), dna[:12], {"dna": dna[:12].to_numpy()})
    check_block(DnaBlock, DnaInput(), list(dna[:30]))


@pytest.fixture(scope="module", params=["alone", "beside a table"])
def case(request):
    """Return a fitted model, its X, and what a client of the exported model sends."""
    X, y = rows()
    request_columns = ["dna", "weight", "place"]
    inputs = [DnaInput(columns="dna"), StructuredDataInput()]
    if request.param == "alone":
        X, inputs, request_columns = X["dna"], DnaInput(), ["dna"]
    model = AutoModel(inputs, ClassificationHead(), **QUICK).fit(X, y)
    table = X.to_frame() if request.param == "alone" else X
    sent = {name: tf.constant(table[name].to_numpy()) for name in request_columns}
    return model, X, y, sent


def test_it_fits_and_begins_with_its_known_configurations(case):
    model, X, y, _ = case
    assert model.leaderboard_["status"].tolist() == ["completed"] * 2
    names = sorted(p["dna_block_1/filters"] for p in model.leaderboard_["params"])
    assert names == [4, 8]
    # Averages of weights are searched, as the traits of its schema say.
    assert all("training/ema_momentum" in p for p in model.leaderboard_["params"])
    assert model.predict(X).shape == y.shape
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1.0, rtol=1e-6)


def test_it_learns():
    X, y = rows(400)
    new_X, new_y = rows(100, seed=1)
    model = AutoModel(DnaInput(), ClassificationHead(), max_trials=1, random_state=0)
    assert model.fit(X["dna"], y).score(new_X["dna"], new_y) > 0.8


def test_it_is_cloned_and_pickled(case):
    model, X, y, _ = case
    assert (
        clone(model).get_params(deep=False).keys()
        == model.get_params(deep=False).keys()
    )
    again = clone(model).fit(X, y)
    np.testing.assert_allclose(again.predict_proba(X), model.predict_proba(X))
    copied = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copied.predict_proba(X), model.predict_proba(X))


def test_it_is_saved_and_loaded(case, tmp_path):
    model, X, _, sent = case
    model.save(tmp_path / "model.skautokeras")
    loaded = skautokeras.load(tmp_path / "model.skautokeras")
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    outputs = loaded.export_model(raw=True)(sent)
    np.testing.assert_allclose(
        outputs["probabilities"], model.predict_proba(X), atol=1e-5
    )


def test_it_is_exported_with_its_preprocessing(case, tmp_path):
    model, X, _, sent = case
    raw = model.export_model(raw=True)
    assert {tensor.name for tensor in raw.inputs} == set(sent)
    raw.save(tmp_path / "model.keras")
    raw = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    labels = raw(sent)["label"].numpy().astype(str)
    np.testing.assert_array_equal(labels, model.predict(X))


def test_it_is_trained_again_without_a_search(case):
    model, X, y, _ = case
    fitted = model.to_scikeras(fitted=True)
    np.testing.assert_array_equal(fitted.predict(X), model.predict(X))
    scores = cross_val_score(model.to_scikeras(), X, y, cv=2)
    assert np.isfinite(scores).all()


def test_its_column_is_reported(case):
    model = case[0]
    (row,) = model.columns_.query("name.str.contains('dna')").to_dict("records")
    assert row["reason"] == "DnaAdapter takes it"


class LongDnaAdapter(DnaAdapter):
    """Derives from an adapter that has a twin."""


class OtherAdapter(TransformerMixin, BaseEstimator):
    """Has no twin."""


def test_a_twin_is_found_by_the_class_of_the_adapter():
    assert isinstance(twin_of(LongDnaAdapter()), DnaTwin)
    with pytest.raises(ExportError, match=r"OtherAdapter has no twin.*raw=False"):
        twin_of(OtherAdapter())
