"""The tokenizer of BERT, by the library of Hugging Face."""

# Marks that a vocabulary has to have, by what they are for.
MARKS = {"pad": "[PAD]", "unknown": "[UNK]", "start": "[CLS]", "end": "[SEP]"}
# Pieces inside of words begin with this, and longer words are unknown, in characters.
INSIDE = "##"
LONGEST_WORD = 100


class WordPieceTokenizer:
    """Split texts into words, and words into the longest pieces of a vocabulary.

    It does what models of BERT were trained with (WordPiece; Wu et al.,
    arXiv:1609.08144), by the library tokenizers. KerasHub's tokenizer of BERT does
    not: words between which there is a no-break space are one word for it, and it puts
    the letters of Korean together again.

    Parameters
    ----------
    vocabulary : list of str
        Pieces by their numbers, with those in `MARKS`. Numbers without a piece have an
        empty string.
    lowercase : bool
        Whether letters become lower case.
    strip_accents : bool
        Whether accents are taken off.

    Raises
    ------
    ValueError
        If a mark is missing.

    Examples
    --------
    >>> from skautokeras._space.word_piece_tokenizer import WordPieceTokenizer
    >>> vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "wine", "##s"]
    >>> tokenizer = WordPieceTokenizer(vocabulary, lowercase=True, strip_accents=True)
    >>> tokenizer(["Wines", "oak"])
    [[4, 5], [1]]
    """

    def __init__(self, vocabulary, *, lowercase, strip_accents):
        missing = [mark for mark in MARKS.values() if mark not in vocabulary]
        if missing:
            raise ValueError(f"the vocabulary has no {' and no '.join(missing)}")
        # Of equal pieces, the last one is given to texts.
        last = {piece: i for i, piece in enumerate(vocabulary)}
        self.vocabulary = [
            piece if last[piece] == i else "" for i, piece in enumerate(vocabulary)
        ]
        self.lowercase = lowercase
        self.strip_accents = strip_accents
        self._made = None

    @property
    def start_token_id(self):
        """Number of the token before a text."""
        return self.vocabulary.index(MARKS["start"])

    @property
    def end_token_id(self):
        """Number of the token behind a text."""
        return self.vocabulary.index(MARKS["end"])

    @property
    def pad_token_id(self):
        """Number of the token that fills the places behind the end of a text."""
        return self.vocabulary.index(MARKS["pad"])

    def __call__(self, texts):
        """Return the numbers of the pieces of each text, without marks.

        Parameters
        ----------
        texts : list of str
            Raw texts.

        Returns
        -------
        tokens : list of list of int
        """
        if self._made is None:
            self._made = self._make()
        encodings = self._made.encode_batch(list(texts), add_special_tokens=False)
        return [encoding.ids for encoding in encodings]

    def _make(self):
        try:
            from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
        except ImportError as error:
            raise ImportError(
                "Texts for pretrained models are split by the library tokenizers. "
                'Install it with: pip install "skautokeras[text]"'
            ) from error
        numbers = {piece: i for i, piece in enumerate(self.vocabulary) if piece}
        tokenizer = Tokenizer(
            models.WordPiece(
                numbers,
                unk_token=MARKS["unknown"],
                max_input_chars_per_word=LONGEST_WORD,
                continuing_subword_prefix=INSIDE,
            )
        )
        tokenizer.normalizer = normalizers.BertNormalizer(
            lowercase=self.lowercase, strip_accents=self.strip_accents
        )
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        return tokenizer

    def get_config(self):
        """Return the parameters by their names, ready for JSON."""
        return {
            "vocabulary": self.vocabulary,
            "lowercase": self.lowercase,
            "strip_accents": self.strip_accents,
        }

    def __getstate__(self):
        """Return the parameters, of which the tokenizer is made again."""
        return {**self.__dict__, "_made": None}
