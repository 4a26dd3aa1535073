"""Words of short texts: which are frequent, and which text has them."""

from collections import Counter

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer

# A word that gets an indicator is in at least 5 rows and 1 % of the rows, in at most
# 90 % of them, and among the 50 most frequent.
WORD_MIN_ROWS = 5
WORD_MIN_SHARE = 0.01
WORD_MAX_SHARE = 0.9
MAX_WORDS = 50


def frequent_words(texts, counts, n_samples):
    """Find words that are neither rare nor in nearly every row.

    Parameters
    ----------
    texts : ndarray of str objects of shape (n_texts,)
        Distinct texts.

    counts : ndarray of int of shape (n_texts,)
        Number of rows of each text.

    n_samples : int
        Number of rows, those without a text too.

    Returns
    -------
    words : list of str
        At most 50 words in lower case, the most frequent first.

    Examples
    --------
    >>> from skautokeras._data.words import frequent_words
    >>> frequent_words(["Mr Brown", "Mr Green"], counts=[4, 3], n_samples=10)
    ['mr']
    """
    tokens = CountVectorizer().build_analyzer()
    n_rows = Counter()
    for text, count in zip(texts, counts, strict=True):
        n_rows.update(dict.fromkeys(tokens(text), int(count)))
    lowest = max(WORD_MIN_ROWS, WORD_MIN_SHARE * n_samples)
    highest = WORD_MAX_SHARE * n_samples
    words = [word for word, count in n_rows.items() if lowest <= count <= highest]
    return sorted(words, key=lambda word: (-n_rows[word], word))[:MAX_WORDS]


def word_indicators(texts, words):
    """Tell which of the words each text has.

    Parameters
    ----------
    texts : ndarray of str objects of shape (n_texts,)
        Texts of any length.

    words : list of str of length n_words
        Words in lower case.

    Returns
    -------
    indicators : ndarray of shape (n_texts, n_words), dtype float32
        Zeros and ones.

    Examples
    --------
    >>> from skautokeras._data.words import word_indicators
    >>> word_indicators(["Mr Brown", "Mrs Green"], ["mr", "green"]).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    if not len(texts):
        return np.zeros((0, len(words)), dtype=np.float32)
    vectorizer = CountVectorizer(vocabulary=words, binary=True, dtype=np.float32)
    return vectorizer.transform(texts).toarray()
