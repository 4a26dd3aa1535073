"""Tables of many rows, and tables that are not in memory, are fitted like any other."""

import warnings

import dask.dataframe as dd
import numpy as np
import pandas as pd
import pyarrow.dataset
import pytest
from sklearn.datasets import load_digits

from skautokeras import (
    AutoModel,
    ClassificationHead,
    ImageClassifier,
    Input,
    StructuredDataClassifier,
    StructuredDataInput,
    TextClassifier,
)
from skautokeras._data import long_tables
from skautokeras._fit import folds
from skautokeras.datasets import load_titanic

PARAMS = {"max_trials": 2, "epochs": 2, "random_state": 0, "cv": None, "refit": False}


@pytest.fixture(scope="module")
def table():
    X, y = load_titanic(return_X_y=True)
    return X.assign(survived=np.asarray(y))


@pytest.fixture(scope="module")
def file(table, tmp_path_factory):
    path = tmp_path_factory.mktemp("titanic") / "rows.parquet"
    table.to_parquet(path)
    return path


@pytest.fixture(scope="module")
def in_memory(table):
    return StructuredDataClassifier(**PARAMS).fit(table, "survived")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["file", "dataset", "dask"])
def test_the_result_is_that_of_a_table_in_memory(kind, table, file, in_memory):
    X = file
    if kind == "dataset":
        X = pyarrow.dataset.dataset(file)
    elif kind == "dask":
        X = dd.from_pandas(table, npartitions=3)
    classifier = StructuredDataClassifier(**PARAMS).fit(X, "survived")
    expected = in_memory.predict_proba(table.drop(columns="survived"))
    # The column of targets of a file is not looked at.
    np.testing.assert_allclose(classifier.predict_proba(X), expected, atol=1e-6)
    assert classifier.feature_names_in_.tolist() == list(table)[:-1]
    assert "survived" not in classifier.feature_names_in_
    assert classifier.score(X, "survived") == in_memory.score(table, "survived")
    assert classifier.evaluate(X, "survived")["accuracy"] > 0.6
    np.testing.assert_array_equal(
        classifier.validation_indices_, in_memory.validation_indices_
    )


@pytest.mark.slow
def test_weights_validation_data_and_arrays_of_targets(table, file):
    weight = np.arange(len(table)) % 3
    classifier = StructuredDataClassifier(**PARAMS)
    classifier.fit(
        file,
        table["survived"],
        sample_weight=weight,
        validation_data=(file, table["survived"]),
    )
    # With the targets in an array, all columns of the file are columns of X.
    assert classifier.feature_names_in_.tolist() == list(table)
    assert classifier.score(file, table["survived"]) > 0.9
    named = StructuredDataClassifier(**PARAMS)
    named.fit(file, "survived", validation_data=(file, "survived"))
    assert len(named.validation_indices_) == len(table)


@pytest.mark.slow
def test_an_auto_model_takes_columns_of_a_file(table, file):
    node = StructuredDataInput(columns=["age", "sex", "fare"])
    model = AutoModel([node], [ClassificationHead()], **PARAMS).fit(file, "survived")
    assert model.predict(file).shape == (len(table),)


@pytest.mark.slow
def test_inputs_can_have_a_file_each(table, file, in_memory, tmp_path):
    nodes = [StructuredDataInput(name="file"), StructuredDataInput(name="table")]
    X = {"file": file, "table": table[["age", "fare"]]}
    model = AutoModel(nodes, [ClassificationHead()], **PARAMS)
    model.fit(X, table["survived"])
    assert model.predict(X).shape == (len(table),)
    in_memory.report(tmp_path / "report.html", file, "survived")
    assert "accuracy" in (tmp_path / "report.html").read_text()


@pytest.mark.slow
def test_values_of_another_kind_are_told_if_no_batch_knows_one(in_memory, monkeypatch):
    monkeypatch.setattr(long_tables, "_VALUES_AT_ONCE", 2000)
    X, _ = load_titanic(return_X_y=True)
    partly = X.copy()
    partly["sex"] = np.where(np.arange(len(X)) < 600, 1, X["sex"]).astype(object)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        in_memory.predict(partly)
    with pytest.warns(UserWarning, match="No value of column 'sex' is known") as told:
        in_memory.predict(partly.assign(sex=1))
    assert len(told) == 1


def test_a_file_without_columns_of_fit_is_refused(in_memory, table, tmp_path):
    table[["age", "fare"]].to_parquet(tmp_path / "rows.parquet")
    with pytest.raises(ValueError, match="The feature names should match"):
        in_memory.predict(tmp_path / "rows.parquet")


def test_other_files_are_refused_with_a_way_out(tmp_path):
    (tmp_path / "rows.csv").write_text("a,b")
    with pytest.raises(TypeError, match="path of a Parquet file"):
        StructuredDataClassifier().fit(str(tmp_path / "rows.csv"), [0, 1])


def test_a_file_that_is_not_there_is_said_to_be_missing(in_memory, tmp_path):
    path = tmp_path / "rows.parquet"
    for call in (
        lambda: StructuredDataClassifier().fit(path, "survived"),
        lambda: in_memory.predict(str(path)),
        lambda: in_memory.score(path, "survived"),
        lambda: TextClassifier().fit(path, "survived"),
    ):
        with pytest.raises(FileNotFoundError, match="There is no file"):
            call()


def test_a_folder_in_which_files_differ_is_learned_from_as_a_whole(table, tmp_path):
    table[:400].drop(columns="sex").to_parquet(tmp_path / "0.parquet")
    (tmp_path / "notes.txt").write_text("The first year lacks the sex.")
    later = table[400:].assign(pclass=lambda X: X["pclass"] + 0.0)
    later.to_parquet(tmp_path / "1.parquet")
    with pytest.warns(UserWarning, match="'sex' in 1 of them") as told:
        classifier = StructuredDataClassifier(**PARAMS).fit(tmp_path, "survived")
    assert len(told) == 1
    assert "sex" in classifier.feature_names_in_
    expected = classifier.predict_proba(table[classifier.feature_names_in_])[400:]
    with pytest.warns(UserWarning, match="'sex' in 1 of them"):
        found = classifier.predict_proba(tmp_path)[400:]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def write_column(values, name, path):
    """Write a column of values, and of targets, to a file; return the targets."""
    y = np.where(np.arange(len(values)) % 2, "yes", "no")
    pd.DataFrame({name: list(values), "target": y}).to_parquet(path)
    return y


def test_texts_can_be_the_column_of_a_file(tmp_path):
    texts = ["a good dry wine", "a bad sweet one"] * 30
    y = write_column(texts, "note", tmp_path / "notes.parquet")
    classifier = TextClassifier(**PARAMS).fit(tmp_path / "notes.parquet", "target")
    assert classifier.score(tmp_path, "target") == classifier.score(texts, y) > 0.9


def test_images_can_be_the_column_of_a_file(tmp_path):
    image = pytest.importorskip("PIL.Image")
    paths = [str(tmp_path / f"{i}.png") for i in range(40)]
    for i, path in enumerate(paths):
        image.new("L", (12, 12), 200 if i % 2 else 20).save(path)
    y = write_column(paths, "photo", tmp_path / "photos.parquet")
    classifier = ImageClassifier(**PARAMS).fit(tmp_path / "photos.parquet", "target")
    assert classifier.score(tmp_path, "target") == classifier.score(paths, y)


def test_flattened_images_can_be_the_columns_of_a_file(tmp_path):
    X, y = load_digits(return_X_y=True, as_frame=True)
    X[:200].assign(digit=y[:200]).to_parquet(tmp_path / "digits.parquet")
    classifier = ImageClassifier(image_shape=(8, 8), **PARAMS)
    classifier.fit(tmp_path / "digits.parquet", "digit")
    np.testing.assert_allclose(
        classifier.predict_proba(tmp_path / "digits.parquet"),
        classifier.predict_proba(X[:200]),
        atol=1e-6,
    )


@pytest.mark.parametrize("estimator", [TextClassifier, ImageClassifier])
def test_several_columns_of_texts_or_images_need_an_auto_model(estimator, file):
    with pytest.raises(ValueError, match=r"takes one column, and X has .* AutoModel"):
        estimator(**PARAMS).fit(file, "survived")


def test_an_input_of_numbers_takes_all_columns_of_a_file(table, tmp_path):
    table[["fare", "pclass", "survived"]].to_parquet(tmp_path / "rows.parquet")
    model = AutoModel([Input()], [ClassificationHead()], **PARAMS)
    model.fit(tmp_path / "rows.parquet", "survived")
    assert model.predict(tmp_path / "rows.parquet").shape == (len(table),)


def test_a_name_of_a_target_that_x_does_not_have(table):
    with pytest.raises(ValueError, match="y is 'price'"):
        StructuredDataClassifier().fit(table, "price")


@pytest.mark.slow
def test_a_long_table_is_analysed_on_some_rows_and_split_in_place(table, monkeypatch):
    monkeypatch.setattr(long_tables, "MOST_ANALYSED", 300)
    monkeypatch.setattr("skautokeras._data.structured_data.MOST_ANALYSED", 300)
    monkeypatch.setattr(folds, "_LARGE", 0)
    monkeypatch.setattr(folds, "_MOST_VALID", 100)
    X, y = table.drop(columns="survived"), table["survived"]
    before = X.copy()
    classifier = StructuredDataClassifier(**PARAMS).fit(X, y)
    assert X.equals(before)
    assert len(classifier.validation_indices_) == 100
    # The validation rows are those that the indices tell.
    outputs = classifier.predict_proba(X.iloc[classifier.validation_indices_])[:, 1]
    told = classifier.validation_predictions_[:, 1]
    np.testing.assert_allclose(outputs, told, atol=1e-5)
    missing = classifier.columns_.set_index("name")["missing"]["age"]
    assert missing == pytest.approx(X["age"].isna().mean(), abs=0.05)
    fraction = StructuredDataClassifier(**PARAMS, validation_fraction=0.25).fit(X, y)
    assert len(fraction.validation_indices_) == np.ceil(len(X) / 4)


def test_an_array_of_the_user_is_not_changed(monkeypatch):
    monkeypatch.setattr(folds, "_LARGE", 0)
    from skautokeras import GeneralBlock, Input

    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 4)).astype("float32")
    y = (X[:, 0] > 0).astype(int)
    before, node = X.copy(), Input()
    model = AutoModel([node], [ClassificationHead()(GeneralBlock()(node))], **PARAMS)
    model.fit(X, y)
    np.testing.assert_array_equal(X, before)
