"""Texts: which forms they come in, how they are taken apart, what they become."""

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer

from skautokeras._data import (
    NgramVectorizer,
    TextAdapter,
    contrasts,
    normalise,
    read_texts,
    spell,
    strongest,
    tokenise,
)

TEXTS = [
    "Dry red wine, with a hint of oak.",
    "A sweet white wine: peach, honey and more honey!",
    "Don't drink this red one",
    "",
    "dry dry dry",
]


def many_texts(n_texts=300, seed=0, n_words=(1, 30)):
    """Return texts of made-up words, the first of which are in most texts."""
    rng = np.random.default_rng(seed)
    words = ["".join(rng.choice(list("abcdefgh"), 5)) for _ in range(200)]
    share = 1 / np.arange(1, 201)
    return [
        " ".join(rng.choice(words, rng.integers(*n_words), p=share / share.sum()))
        for _ in range(n_texts)
    ]


# The forms of X


@pytest.mark.parametrize(
    "X",
    [
        ["dry", None],
        ("dry", float("nan")),
        [["dry"], [None]],
        np.array(["dry", ""]),
        np.array([["dry"], [""]]),
        np.array(["dry", None], dtype=object),
        pd.Series(["dry", None], index=[7, 3], dtype=object),
        pd.Series(["dry", None], dtype="str"),
        pd.Series(["dry", pd.NA], dtype="string"),
        pd.Series(["dry", None], dtype="category"),
        pd.DataFrame({"note": ["dry", pd.NaT]}, dtype=object),
    ],
    ids=lambda X: f"{type(X).__name__}-{getattr(X, 'dtype', '')}",
)
def test_texts_come_in_many_forms_and_missing_ones_are_empty(X):
    assert read_texts(X) == ["dry", ""]


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        ("dry", TypeError, "single str. Put it into a list"),
        (b"dry", TypeError, "single bytes. Put it into a list"),
        ({"dry"}, TypeError, "got set"),
        (["dry", 3], TypeError, r"got 3 \(int\) in row 1"),
        ([{"note": "dry" * 99}], TypeError, r"got .{,99} \(dict\) in row 0"),
        (np.array([1.0, 2.0]), TypeError, r"got 1.0 \(float\) in row 0"),
        (pd.DataFrame({"a": ["b"], "c": ["d"]}), ValueError, r"shape \(1, 2\)"),
        ([["a", "b"], ["c", "d"]], ValueError, r"shape \(2, 2\)"),
        (np.full((2, 1, 1), "a"), ValueError, r"shape \(2, 1, 1\)"),
        ([], ValueError, r"0 sample\(s\)"),
    ],
    ids=repr,
)
def test_what_is_no_column_of_texts_is_an_error(X, error, message):
    with pytest.raises(error, match=message):
        read_texts(X)


# Words


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Don't PANIC, it's 3.5", ["don't", "panic", ",", "it's", "3", ".", "5"]),
        ("\uff46ull ﬁne naïve\u2019s", ["full", "fine", "naïve's"]),
        ("STRASSE straße ÉCOLE", ["strasse", "straße", "école"]),
        ("Привет, мир", ["привет", ",", "мир"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("café cafe\u0301", ["café", "café"]),
        ("한국어 문장", ["한국어", "문장"]),
        ("東京で abc", ["東", "京", "で", "abc"]),
        ("ที่นี่", ["ที่", "นี่"]),
        ("win £5 or $5 😀😀", ["win", "£", "5", "or", "$", "5", "😀", "😀"]),
        ("¿Qué? a…b 'x'", ["¿", "qué", "?", "a", ".", ".", ".", "b", "x"]),
        (" \n\t\x7f", []),
    ],
)
def test_words_of_many_scripts(text, tokens):
    assert tokenise(normalise(text)) == tokens


def test_an_ascii_text_is_split_as_it_is_beside_other_characters():
    text = "don't_stop 'til $5 a-b x' y !?[z] ^`~|\t.\x1f.\x01."
    assert tokenise(text + " é") == [*tokenise(text), "é"]


def test_spelling_leaves_single_spaces_around_words():
    assert spell(normalise("Dry,  (very)")) == " dry, (very) "
    assert spell(normalise("東京、 日本")) == " 東京、 日本 "
    assert spell("'") == spell("") == " "


# N-grams


def as_sequences(lists):
    rows = np.repeat(np.arange(len(lists)), [len(codes) for codes in lists])
    return np.concatenate(lists).astype("int32"), rows, len(lists)


def tfidf_rows(weights):
    return [np.sort(row.data) for row in weights]


@pytest.mark.parametrize("at_least", [1, 2])
def test_weights_of_words_are_those_of_scikit_learn(at_least):
    texts = many_texts(100 if at_least == 2 else 60)
    adapter = TextAdapter().fit(texts)
    reference = TfidfVectorizer(
        ngram_range=(1, 3), min_df=at_least, token_pattern=r"(?u)\b\w+\b"
    )
    expected = reference.fit_transform(texts)
    arrays = adapter.transform(texts)
    assert adapter.schema_.n_word_ngrams == expected.shape[1] + 1
    kept = [row[-adapter.schema_.word_width :] for row in tfidf_rows(expected)]
    for weights, row in zip(arrays["word_weights"], kept, strict=True):
        np.testing.assert_allclose(np.sort(weights[weights > 0]), row, rtol=1e-5)
    # The lowest codes are in most texts.
    n_texts = np.bincount(arrays["word_ngrams"].ravel())[1:]
    assert (np.diff(n_texts[:5]) <= 0).all()


def test_weights_of_characters_are_those_of_scikit_learn():
    # Words of five characters: none is shorter than an n-gram.
    texts = many_texts(100, n_words=(1, 6))
    adapter = TextAdapter().fit(texts)
    reference = TfidfVectorizer(ngram_range=(3, 5), analyzer="char_wb", min_df=2)
    expected = tfidf_rows(reference.fit_transform(texts))
    weights = adapter.transform(texts)["character_weights"]
    assert adapter.schema_.n_character_ngrams == len(reference.vocabulary_) + 1
    for row, values in zip(weights, expected, strict=True):
        # The last few of the longest texts are cut.
        np.testing.assert_allclose(
            np.sort(row[row > 0])[::-1], values[::-1][: (row > 0).sum()], rtol=1e-5
        )


def test_the_most_frequent_ngrams_have_the_lowest_codes():
    texts = ["a b", "a b", "a c", "a"]
    arrays = TextAdapter().fit(texts).transform(["a", "b", "c", "a b"])
    assert arrays["word_ngrams"][0].tolist()[0] == 1
    assert sorted(arrays["word_ngrams"][3].tolist()) == [1, 2, 3]  # a, b, "a b"
    assert arrays["word_ngrams"][2].tolist()[0] > 3


def test_ngrams_do_not_reach_over_the_ends_of_texts_or_unknown_words():
    ngrams = NgramVectorizer(lengths=(2,), base=9, max_ngrams=9, min_sequences=1)
    weights = ngrams.fit_transform(as_sequences([[2, 3], [4, 5], [2, 1, 4]]))
    assert weights.toarray().tolist() == [[1, 0], [0, 1], [0, 0]]
    assert ngrams.transform(as_sequences([[3, 4], [4, 5, 6]])).toarray().tolist() == [
        [0, 0],
        [0, 1],
    ]


def test_ngrams_are_chosen_by_the_number_of_texts_they_are_in():
    ngrams = NgramVectorizer(lengths=(1,), base=9, max_ngrams=1, min_sequences=1)
    ngrams.fit(as_sequences([[2, 2, 2, 2], [3], [3]]))
    assert ngrams.keys_.tolist() == [3]


def test_rare_ngrams_and_codes_that_are_not_known_have_no_weight():
    ngrams = NgramVectorizer(lengths=(1,), base=9, max_ngrams=9, min_sequences=2)
    ngrams.fit(as_sequences([[2, 2, 3], [3]]))
    assert ngrams.keys_.tolist() == [3]
    assert ngrams.transform(as_sequences([[2, 3], [1, 0]])).toarray().tolist() == [
        [1],
        [0],
    ]


def test_the_strongest_of_a_row_are_kept():
    weights = csr_matrix(np.array([[0.1, 0.0, 0.9, 0.4], [0.0, 0.2, 0.0, 0.0]]))
    codes, values = strongest(weights, width=2)
    assert codes.tolist() == [[3, 4], [2, 0]]
    np.testing.assert_allclose(values, [[0.9, 0.4], [0.2, 0]])


def test_contrasts_are_the_largest_log_count_ratios():
    rng = np.random.default_rng(0)
    present = rng.random((40, 6)) < 0.3
    y = rng.integers(0, 3, 40)
    groups = y[:, None] == np.arange(3)
    expected = np.zeros(6)
    for group in groups.T:
        inside, outside = (
            1 + present[group].sum(axis=0),
            1 + present[~group].sum(axis=0),
        )
        ratio = np.log((inside / inside.sum()) / (outside / outside.sum()))
        expected = np.maximum(expected, np.abs(ratio))
    codes = np.where(present, np.arange(1, 7), 0)
    found = contrasts(codes, 7, groups)
    assert found[0] == 0
    np.testing.assert_allclose(found[1:], np.sqrt(expected), rtol=1e-5)


# The adapter


def test_tokens_are_in_their_order_and_the_most_frequent_have_the_lowest_codes():
    adapter = TextAdapter().fit(TEXTS)
    code = adapter.vocabulary_
    assert code["dry"] == 2
    assert sorted(code.values()) == list(range(2, len(code) + 2))
    tokens = adapter.transform(["Dry unseen honey"])["tokens"]
    assert tokens[0, :4].tolist() == [2, 1, code["honey"], 0]


def test_arrays_have_the_shapes_and_dtypes_of_the_schema():
    adapter = TextAdapter().fit(TEXTS)
    arrays = adapter.transform(TEXTS)
    assert {
        name: (array.shape[1], array.dtype.name) for name, array in arrays.items()
    } == adapter.schema_.shapes
    assert arrays["tokens"].max() < adapter.schema_.vocabulary_size
    assert arrays["word_ngrams"].max() < adapter.schema_.n_word_ngrams
    assert arrays["character_ngrams"].max() < adapter.schema_.n_character_ngrams
    assert not any(array[3].any() for array in arrays.values())  # the empty text


def test_a_smaller_number_of_tokens_is_kept_to():
    texts = many_texts()
    schema = TextAdapter(max_tokens=50).fit(texts).schema_
    assert schema.vocabulary_size == 52
    assert schema.n_word_ngrams == schema.n_character_ngrams == 51


def test_long_texts_are_cut_and_have_no_ngrams_of_characters():
    texts = many_texts(120, n_words=(900, 1000))
    adapter = TextAdapter().fit(texts)
    arrays = adapter.transform(texts)
    assert set(arrays) == {"tokens", "word_ngrams", "word_weights"}
    assert adapter.schema_.n_words > 900
    assert arrays["tokens"].shape == (120, 512)
    assert arrays["word_ngrams"].shape[1] <= 768
    # What is cut is light.
    assert np.square(arrays["word_weights"]).sum(axis=1).min() > 0.9


def test_nearly_all_texts_are_kept_whole():
    texts = [*many_texts(300), "far " * 5000]
    adapter = TextAdapter().fit(texts)
    assert adapter.schema_.n_tokens < 40


def test_many_texts_are_turned_into_the_same_arrays_as_few():
    texts = many_texts(5000, n_words=(1, 5))
    adapter = TextAdapter().fit(texts)
    arrays, few = adapter.transform(texts), adapter.transform(texts[4000:4200])
    for name, array in few.items():
        np.testing.assert_array_equal(arrays[name][4000:4200], array)


def test_very_many_texts_are_learned_from_in_part(monkeypatch):
    texts = many_texts(600)
    monkeypatch.setattr("skautokeras._data.text.MAX_LEARNED", 2000)
    adapter = TextAdapter().fit(texts)
    full = TextAdapter()
    monkeypatch.undo()
    full.fit(texts)
    assert adapter.schema_.vocabulary_size == full.schema_.vocabulary_size
    assert 100 < adapter.schema_.n_word_ngrams < full.schema_.n_word_ngrams
    assert adapter.transform(texts)["word_weights"].any(axis=1).all()


@pytest.mark.parametrize("texts", [[""], ["...", None], ["one"], ["東京", "東"]])
def test_texts_with_next_to_nothing_in_them_have_arrays_all_the_same(texts):
    arrays = TextAdapter().fit(texts).transform([*texts, "something else 京"])
    assert {len(array) for array in arrays.values()} == {len(texts) + 1}
    assert all(array.shape[1] > 0 for array in arrays.values())
    assert all(np.isfinite(array).all() for array in arrays.values())


def test_hundred_texts_that_share_nothing_have_arrays_all_the_same():
    adapter = TextAdapter().fit([f"{i}" * 9 for i in range(100, 250)])
    assert adapter.schema_.vocabulary_size == 2
    assert not adapter.transform(["100"])["word_weights"].any()


def test_an_adapter_is_deterministic_and_survives_copies():
    texts = many_texts()
    adapter = TextAdapter().fit(pd.Series(texts))
    expected = adapter.transform(texts)
    for other in (
        pickle.loads(pickle.dumps(adapter)),
        clone(adapter).fit(texts),
    ):
        for name, array in other.transform(texts).items():
            np.testing.assert_array_equal(array, expected[name])
    with pytest.raises(NotFittedError):
        TextAdapter().transform(texts)


@pytest.mark.parametrize(
    "y",
    [
        ["a", "b"] * 60,
        [1, 0] * 60,
        np.array([0.5, 2.5] * 60),
        np.array([[0.5, 1.5], [2.5, 1.5]] * 60),
        np.array([[1, 0], [0, 1]] * 60),
    ],
    ids=["classes", "numbers of classes", "numbers", "several numbers", "labels"],
)
def test_with_a_target_it_is_known_which_ngrams_tell_classes_apart(y):
    texts = ["dry wine", "sweet wine"] * 60
    adapter = TextAdapter().fit(texts)
    schema = adapter.schema_.with_training_rows(adapter.transform(texts), y)
    dry, wine = (
        adapter.transform([word])["word_ngrams"][0, 0] for word in ("dry", "wine")
    )
    assert schema.word_contrasts.shape == (schema.n_word_ngrams,)
    assert schema.character_contrasts.shape == (schema.n_character_ngrams,)
    assert schema.word_contrasts[0] == 0
    assert schema.word_contrasts[dry] > 1 > 0.1 > schema.word_contrasts[wine]
    assert schema.shapes == adapter.schema_.shapes
    assert adapter.schema_.word_contrasts is None


def test_a_target_that_is_the_same_everywhere_tells_nothing():
    adapter = TextAdapter().fit(TEXTS)
    arrays = adapter.transform(TEXTS)
    for y in ([1] * 5, np.full((5, 2), 0.5)):
        assert adapter.schema_.with_training_rows(arrays, y).word_contrasts is None


def test_long_texts_have_contrasts_of_words_alone():
    texts = many_texts(20, n_words=(300, 301))
    adapter = TextAdapter().fit(texts)
    schema = adapter.schema_.with_training_rows(adapter.transform(texts), [0, 1] * 10)
    assert schema.word_contrasts.any()
    assert schema.character_contrasts is None
