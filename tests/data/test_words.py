import numpy as np

from skautokeras._data import MAX_WORDS, frequent_words, word_indicators


def test_words_are_counted_by_rows_and_not_by_occurrences():
    texts = ["spam spam spam spam spam spam", "ham", "eggs"]
    assert frequent_words(texts, counts=[4, 5, 6], n_samples=15) == ["eggs", "ham"]


def test_words_in_nearly_every_row_say_nothing():
    texts = ["the cat", "the dog", "dog"]
    assert frequent_words(texts, counts=[50, 45, 5], n_samples=100) == ["cat", "dog"]


def test_rare_words_are_those_in_less_than_one_row_of_a_hundred():
    texts = ["often", "seldom", "other"]
    counts = [10, 9, 500]
    assert frequent_words(texts, counts, n_samples=1000) == ["other", "often"]


def test_no_more_than_the_most_frequent_words_are_taken():
    texts = [f"word{i:02d}" for i in range(60)]
    words = frequent_words(texts, counts=list(range(10, 70)), n_samples=1000)
    assert words == texts[::-1][:MAX_WORDS]


def test_indicators_ignore_case_and_unknown_words():
    indicators = word_indicators(["MR. Smith", "", "Mrs; mr"], ["mrs", "mr"])
    assert indicators.dtype == np.float32
    assert indicators.tolist() == [[0, 1], [0, 0], [1, 1]]


def test_no_texts_give_no_rows():
    assert word_indicators(np.array([], dtype=object), ["mr"]).shape == (0, 1)
