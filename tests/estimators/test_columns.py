"""What each column of X was taken for, and why: `columns_`."""

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.exceptions import NotFittedError

import skautokeras
from skautokeras import (
    AutoModel,
    ClassificationHead,
    ImageClassifier,
    ImageInput,
    Input,
    StructuredDataClassifier,
    StructuredDataInput,
    TextClassifier,
    TextInput,
)

QUICK = {
    "max_trials": 1,
    "epochs": 1,
    "ensemble_size": 1,
    "refit": False,
    "random_state": 0,
}
N_ROWS = 60
REPORT = ["name", "kind", "reason", "missing", "distinct", "becomes"]


def make_table():
    """One column of each kind, some with missing values."""
    i = np.arange(N_ROWS)
    return pd.DataFrame(
        {
            "size": np.where(i % 4 == 0, np.nan, np.sin(i)),
            "deck": pd.Series(list("abc") * 20).mask(i % 6 == 5),
            "class": i % 3,
            "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(i % 50, unit="D"),
            "owner": [f"{'mr' if k % 5 else 'mrs'} smith {k % 55}" for k in i],
            "note": [f"the wine of {k} is as dry as {k + 7}" for k in i],
            "planet": "earth",
            "nothing": None,
        }
    )


Y = np.arange(N_ROWS) % 2


@pytest.fixture(scope="module")
def fitted():
    classifier = StructuredDataClassifier(
        column_types={"class": "categorical"}, **QUICK
    )
    return classifier.fit(make_table(), Y)


def test_every_column_has_its_kind_and_the_reason_for_it(fitted):
    columns = fitted.columns_
    assert list(columns) == REPORT
    assert columns["name"].tolist() == list(make_table())
    found = {
        row.name: (row.kind, row.reason) for row in columns.itertuples(index=False)
    }
    assert found == {
        "size": ("numerical", "dtype float64"),
        "deck": ("categorical", "3 different strings in 50 rows"),
        "class": ("categorical", "declared by column_types"),
        "when": ("datetime", f"dtype {make_table()['when'].dtype}"),
        "owner": (
            "short_text",
            "55 different strings in 60 rows, more than the 50 of a category",
        ),
        "note": (
            "text",
            "60 different strings in 60 rows, half of them with 9 words or more",
        ),
        "planet": ("constant", "all values are the same, so it is left out"),
        "nothing": ("constant", "all values are missing, so it is left out"),
    }


def test_missing_and_distinct_values_are_those_of_the_table(fitted):
    X, columns = make_table(), fitted.columns_
    assert columns["missing"].tolist() == pytest.approx(X.isna().mean().tolist())
    assert columns["distinct"].tolist() == X.nunique().tolist()


def test_it_says_what_the_network_gets(fitted):
    becomes = fitted.columns_.set_index("name")["becomes"]
    assert becomes["size"] == "1 number, standardised, and whether it is missing"
    assert becomes["deck"] == becomes["class"] == "codes of 3 categories"
    assert becomes["when"] == "5 parts of a date"
    assert becomes["owner"] == (
        "codes of 5 categories, one code for 50 rare values, which of 2 words it has"
    )
    assert becomes["note"].startswith("the first 9 words as codes, weights of ")
    assert becomes["planet"] == becomes["nothing"] == "nothing"


def test_there_is_no_answer_before_fit():
    with pytest.raises(NotFittedError):
        StructuredDataClassifier().columns_  # noqa: B018


def test_it_is_a_table_of_its_own(fitted):
    columns = fitted.columns_
    columns["kind"] = "changed"
    assert fitted.columns_["kind"].iloc[0] == "numerical"


@pytest.mark.parametrize("how", ["save", "pickle", "skops"])
def test_it_is_kept_with_the_estimator(fitted, how, tmp_path):
    if how == "save":
        fitted.save(tmp_path / "fitted")
        again = skautokeras.load(tmp_path / "fitted")
    elif how == "pickle":
        again = pickle.loads(pickle.dumps(fitted))
    else:
        sio = pytest.importorskip("skops.io")
        content = sio.dumps(fitted)
        again = sio.loads(content, trusted=sio.get_untrusted_types(data=content))
    pd.testing.assert_frame_equal(again.columns_, fitted.columns_)


def test_columns_without_names_have_numbers():
    X = np.column_stack([np.sin(np.arange(N_ROWS)), np.arange(N_ROWS) % 3])
    columns = StructuredDataClassifier(categorical_features=[1], **QUICK).fit(X, Y)
    columns = columns.columns_
    assert columns["name"].tolist() == ["x0", "x1"]
    assert columns["reason"].tolist() == [
        "dtype float64",
        "declared by categorical_features",
    ]


def test_columns_of_a_wide_sparse_matrix_are_all_there():
    X = sparse.lil_matrix((N_ROWS, 2000))
    X[:, 7] = np.sin(np.arange(N_ROWS))[:, None]
    X[:9, 3] = 1.0
    X[2, 3] = np.nan
    columns = StructuredDataClassifier(**QUICK).fit(X.tocsr(), Y).columns_
    assert columns["name"].tolist() == [f"x{i}" for i in range(2000)]
    assert columns.loc[[0, 3, 7], "kind"].tolist() == ["constant"] + ["numerical"] * 2
    assert columns.loc[3, "reason"] == "a value in 8 of 60 rows"
    assert columns.loc[3, "missing"] == pytest.approx(1 / 60)
    assert columns.loc[7, "reason"] == "dtype float64"
    assert columns["distinct"].notna().sum() == 1


def test_texts_in_a_frame_are_one_column():
    X = pd.DataFrame({"note": ["dry wine", None, "sweet wine", "dry wine"] * 15})
    columns = TextClassifier(**QUICK).fit(X, Y).columns_
    assert columns["name"].tolist() == ["note"]
    assert columns["kind"].tolist() == ["text"]
    assert columns["missing"].tolist() == [0.25]
    assert columns["distinct"].tolist() == [2]


def test_each_pixel_of_a_row_is_a_column():
    X = np.random.default_rng(0).integers(0, 256, (N_ROWS, 16))
    columns = ImageClassifier(image_shape=(4, 4), **QUICK).fit(X, Y).columns_
    assert columns["name"].tolist() == [f"x{i}" for i in range(16)]
    assert set(columns["kind"]) == {"image"}
    assert set(columns["becomes"]) == {"1 of 4 x 4 x 1 pixels"}


@pytest.fixture(scope="module")
def mixed():
    X = make_table()[["size", "deck", "class", "note", "when"]]
    X.insert(1, "photo", [np.full((8, 8), k, dtype="uint8") for k in range(N_ROWS)])
    inputs = [
        TextInput(columns="note", name="notes"),
        ImageInput(columns="photo", name="photos"),
        StructuredDataInput(columns=["deck", "class"], name="table"),
        Input(columns=["class"], name="numbers"),
    ]
    return AutoModel(inputs, ClassificationHead(), **QUICK).fit(X, Y)


def test_several_inputs_say_which_one_took_a_column(mixed):
    columns = mixed.columns_
    assert list(columns) == ["name", "input", *REPORT[1:]]
    pairs = columns[["name", "input"]].astype(object)
    assert pairs.where(pairs.notna(), None).values.tolist() == [
        ["size", None],
        ["photo", "photos"],
        ["deck", "table"],
        ["class", "table"],
        ["class", "numbers"],
        ["note", "notes"],
        ["when", None],
    ]
    assert columns["kind"].tolist() == [
        *["unused", "image", "categorical", "numerical", "numerical", "text"],
        "unused",
    ]
    assert columns.loc[1, "becomes"] == "8 x 8 x 1 pixels"


def test_several_inputs_are_kept_with_the_estimator(mixed, tmp_path):
    mixed.save(tmp_path / "mixed")
    again = skautokeras.load(tmp_path / "mixed")
    pd.testing.assert_frame_equal(again.columns_, mixed.columns_)


def test_an_input_without_columns_is_one_row():
    X = {
        "notes": make_table()["note"].tolist(),
        "table": make_table()[["size", "deck"]],
    }
    inputs = [TextInput(name="notes"), StructuredDataInput(name="table")]
    columns = AutoModel(inputs, ClassificationHead(), **QUICK).fit(X, Y).columns_
    assert columns["name"].tolist() == ["notes", "size", "deck"]
    assert columns["input"].tolist() == ["notes", "table", "table"]
