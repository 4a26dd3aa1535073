"""The model that starts from raw data says what the estimator says."""

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from scipy.sparse import random as sparse_random

import skautokeras
from skautokeras import StructuredDataClassifier
from skautokeras._data import StructuredDataAdapter, TextAdapter, XAdapter
from skautokeras._export import KERAS, RawInputs, input_names, twin_of
from skautokeras.exceptions import ExportError

QUICK = {"max_trials": 1, "epochs": 1, "random_state": 0, "ensemble_size": 1}


def call(model, request):
    return model({name: tf.constant(sent) for name, sent in request.items()})


@pytest.mark.parametrize(
    "name",
    ["table", "plain", "number", "image", "mixed", "heads", "scales", "scores"],
)
def test_the_model_says_what_the_estimator_says(cases, name):
    case = cases[name]
    model = case.estimator.export_model(raw=True)
    assert set(case.request) == {tensor.name for tensor in model.inputs}
    case.check(call(model, case.request))


def test_predict_takes_arrays_of_objects(table_case):
    model = table_case.estimator.export_model(raw=True)
    table_case.check(model.predict(table_case.request, verbose=0))


def test_the_model_is_saved_and_loaded_in_safe_mode(mixed_case, tmp_path):
    mixed_case.estimator.export_model(raw=True).save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    mixed_case.check(call(loaded, mixed_case.request))


@pytest.mark.parametrize("name", ["table", "heads", "scales"])
def test_an_estimator_from_a_file_exports_the_same(cases, name, tmp_path):
    cases[name].estimator.save(tmp_path / "estimator.zip")
    model = skautokeras.load(tmp_path / "estimator.zip").export_model(raw=True)
    cases[name].check(call(model, cases[name].request))


def test_columns_that_say_nothing_are_no_inputs(table_case):
    assert "same" in table_case.X
    assert "same" not in table_case.request


def test_each_column_is_a_tensor_of_its_kind(table_case):
    model = table_case.estimator.export_model(raw=True)
    assert {t.name: (t.shape, t.dtype) for t in model.inputs} == {
        "age": ((None,), "float64"),
        "fare____": ((None,), "float64"),
        "class_": ((None,), "string"),
        "deck": ((None,), "string"),
        "alone": ((None,), "string"),
        "when": ((None,), "string"),
        "name": ((None,), "string"),
        "note": ((None,), "string"),
    }


def test_names_of_inputs_are_names_in_python_and_differ():
    X = pd.DataFrame(
        [[1.0, 2, 3, 4, 5, 6]] * 2, columns=["a b", "a_b", "1", "if", "ü", "self"]
    )
    X.iloc[1] = 0.0
    adapter = XAdapter(["t"], [StructuredDataAdapter()], [None]).fit(X)
    names = list(input_names(adapter)["t"].values())
    # A column whose name is valid keeps it.
    assert names == ["a_b_2", "a_b", "column_1", "if_", "column__", "self_"]
    reserved = input_names(adapter, reserved={"a_b"})["t"].values()
    assert list(reserved)[:2] == ["a_b_2", "a_b_3"]


def test_names_of_inputs_differ_in_more_than_capitals():
    X = pd.DataFrame([[1.0, 2, 3, 4], [5, 6, 7, 8]], columns=["ID", "Id", "id", "i d"])
    adapter = XAdapter(["t"], [StructuredDataAdapter()], [None]).fit(X)
    names = list(input_names(adapter, reserved={"I_D"})["t"].values())
    assert names == ["ID", "Id_2", "id_3", "i_d_2"]


def test_columns_of_two_tables_are_told_apart():
    X = {
        "l": pd.DataFrame({"x": [1, 2]}),
        "r": pd.DataFrame({"x": [1.5, 2], "y": [1, 2]}),
    }
    adapters = [StructuredDataAdapter(), StructuredDataAdapter()]
    adapter = XAdapter(["l", "r"], adapters, [None, None]).fit(X)
    assert input_names(adapter) == {"l": {"x": "l__x"}, "r": {"x": "r__x", "y": "y"}}


def test_an_array_without_names_has_numbered_inputs():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 2))
    estimator = StructuredDataClassifier(**QUICK).fit(X, rng.integers(0, 2, 50))
    model = estimator.export_model(raw=True)
    outputs = call(model, {"x0": X[:, 0], "x1": X[:, 1]})
    np.testing.assert_allclose(
        outputs["probabilities"], estimator.predict_proba(X), atol=1e-6
    )


def test_columns_may_have_the_names_of_layers():
    names = ["numbers", "input", "functional", "both_probabilities"]
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(50, 4)), columns=names)
    estimator = StructuredDataClassifier(**QUICK).fit(X, np.arange(50) % 2)
    outputs = call(estimator.export_model(raw=True), {n: X[n].to_numpy() for n in X})
    np.testing.assert_allclose(
        outputs["probabilities"], estimator.predict_proba(X), atol=1e-6
    )


def test_strings_that_are_numbers_or_dates_come_as_those():
    numbers = np.arange(40) / 4
    dates = pd.date_range("2020-01-06", periods=40, freq="37h").strftime("%Y-%m-%d")
    X = pd.DataFrame({"km": [f"{x} km" for x in numbers], "when": dates})
    X.loc[3] = None
    adapter = XAdapter(["t"], [StructuredDataAdapter()], [None]).fit(X)
    inputs = RawInputs(KERAS, encoded=False)
    twin = twin_of(adapter.adapters_[0])
    model = inputs.model(twin.arrays(input_names(adapter)["t"], inputs))
    assert inputs.dtypes == {"km": "float64", "when": "string"}
    request = {"km": numbers, "when": np.array(dates, dtype=object)}
    request["km"][3], request["when"][3] = np.nan, ""
    found = call(model, request)
    expected = adapter.adapters_[0].transform(X)
    assert set(found) == set(expected) == {"numerical", "indicator"}
    for name, array in expected.items():
        np.testing.assert_allclose(found[name], array, atol=1e-5)


# --- What cannot be said in layers is refused


def arrays_of(X):
    adapter = XAdapter(["t"], [StructuredDataAdapter()], [None]).fit(X)
    names = input_names(adapter)["t"]
    inputs = RawInputs(KERAS, encoded=False)
    return twin_of(adapter.adapters_[0]).arrays(names, inputs)


def test_empty_strings_beside_missing_values_are_refused():
    X = pd.DataFrame({"deck": ["", "A", None, "B", "A"], "age": [1, 2, 3, 4, 4]})
    with pytest.raises(
        ExportError, match="'deck' had empty strings and missing values"
    ):
        arrays_of(X)


def test_constant_columns_alone_are_refused():
    with pytest.raises(ExportError, match="All columns of X were constant"):
        arrays_of(pd.DataFrame({"same": [1] * 5}))


def test_wide_sparse_matrices_are_refused():
    X = sparse_random(60, 1200, density=0.02, format="csr", random_state=0)
    with pytest.raises(ExportError, match=r"no tensor per column.*raw=False"):
        arrays_of(X)


@pytest.mark.parametrize("dtype", ["uint64", object])
def test_labels_beyond_64_bits_are_refused(dtype, tmp_path):
    largest = 2**64 - 1 if dtype == "uint64" else 2**70
    X = pd.DataFrame({"age": np.arange(50.0)})
    y = np.array([1, largest], dtype=dtype)[np.arange(50) % 2]
    estimator = StructuredDataClassifier(**QUICK).fit(X, y)
    with pytest.raises(ExportError, match=rf"of 64 bits.*\[{largest}\].*raw=False"):
        estimator.export(tmp_path / "model")
    assert not (tmp_path / "model").exists()


class Letters:
    """A tokenizer as that of a pretrained model, which numbers letters."""

    preset, start, end, pad, problem = "letters", None, None, 0, None

    def __call__(self, texts):
        return [[ord(letter) for letter in text] for text in texts]

    def word_pieces(self):
        """Return None: it is no tokenizer of BERT."""


def test_tokens_that_need_keras_hub_are_refused():
    adapter = TextAdapter(tokenizers=(Letters(),)).fit(["dry wine", "sweet wine"])
    inputs = RawInputs(KERAS, encoded=False)
    with pytest.raises(ExportError, match=r"'letters' needs KerasHub.*raw=False"):
        twin_of(adapter).arrays({None: "text"}, inputs)


def test_a_date_that_cannot_be_read_is_an_error(table_case):
    model = table_case.estimator.export_model(raw=True)
    wrong = {**table_case.request, "when": np.array(["31/12/2001"] * 30)}
    with pytest.raises(tf.errors.InvalidArgumentError, match="31/12/2001"):
        call(model, wrong)


def test_a_label_that_a_tensor_would_cut_is_refused():
    X, y = np.arange(40.0)[:, None], np.array(["a\0", "b"] * 20, dtype=object)
    clf = StructuredDataClassifier(refit=False, **QUICK).fit(X, y)
    assert set(clf.predict(X)) <= {"a\0", "b"}
    with pytest.raises(ExportError, match=r"'a\\x00' ends with NUL.*raw=False"):
        clf.export_model(raw=True)
    clf.export_model()
