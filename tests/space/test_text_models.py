"""Folders of Hugging Face: read as they say, or refused with the reason."""

import json

import numpy as np
import pytest

pytest.importorskip("keras_hub")

from skautokeras._space import PresetTokenizer, load_backbone
from skautokeras.exceptions import WeightsMissingError

PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "Rosé", "rosé", "Rose", "rose"]
BERT = {"type": "BertNormalizer", "lowercase": True, "strip_accents": None}
CASED = {**BERT, "lowercase": False}


def sequence(*normalizers):
    return {"type": "Sequence", "normalizers": list(normalizers)}


@pytest.fixture
def split(tmp_path, write_bert):
    """From changes of the files of a tokenizer, to the pieces that texts become."""

    def split(normalizer=..., *, texts=("Rosé",), **config):
        folder = write_bert(tmp_path / "hf")
        pieces = {"model": {"type": "WordPiece", "vocab": numbers}}
        if normalizer is not ...:
            pieces["normalizer"] = normalizer
        (folder / "tokenizer.json").write_text(json.dumps(pieces))
        (folder / "tokenizer_config.json").write_text(json.dumps(config))
        tokenizer = PresetTokenizer(str(folder))
        if tokenizer.problem:
            raise WeightsMissingError(tokenizer.problem)
        (tokens,) = tokenizer(list(texts))
        return " ".join(PIECES[token] for token in tokens)

    numbers = {piece: i for i, piece in enumerate(PIECES)}
    return split


@pytest.mark.parametrize(
    ("normalizer", "expected"),
    [
        (BERT, "rose"),
        (CASED, "Rosé"),
        ({**CASED, "strip_accents": True}, "Rose"),
        ({**BERT, "strip_accents": False}, "rosé"),
        (None, "Rosé"),
        ({"type": "Lowercase"}, "rosé"),
        (sequence(), "Rosé"),
        (sequence(CASED), "Rosé"),
        (sequence(BERT), "rose"),
        (sequence({"type": "NFD"}, {"type": "StripAccents"}), "Rose"),
        (
            sequence(sequence({"type": "NFD"}, {"type": "StripAccents"}), CASED, BERT),
            "rose",
        ),
        (sequence({"type": "Lowercase"}, CASED), "rosé"),
    ],
)
def test_letters_and_accents_are_left_as_the_tokenizer_says(
    split, normalizer, expected
):
    # What the file of the tokenizer says counts before any other file.
    for lowercase in (True, False):
        assert split(normalizer, do_lower_case=lowercase) == expected


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"do_lower_case": False}, "Rosé"),
        ({"do_lower_case": True}, "rose"),
        ({"do_lower_case": True, "strip_accents": False}, "rosé"),
        ({"do_lower_case": False, "strip_accents": True}, "Rose"),
        ({}, "rose"),
    ],
)
def test_a_tokenizer_that_says_nothing_is_told_by_its_configuration(
    split, config, expected
):
    assert split(**config) == expected


@pytest.mark.parametrize(
    ("normalizer", "named"),
    [
        ({"type": "NFKC"}, "NFKC"),
        (sequence(BERT, {"type": "Replace", "pattern": "a"}), "Replace"),
        (sequence({"type": "StripAccents"}, BERT), "StripAccents"),
        ({**CASED, "handle_chinese_chars": False}, "handle_chinese_chars=false"),
    ],
)
def test_other_normalizers_are_refused_by_their_names(split, normalizer, named):
    with pytest.raises(
        WeightsMissingError, match=f"changes texts by .*{named}"
    ) as info:
        split(normalizer)
    assert "no network here" not in str(info.value)


@pytest.mark.parametrize(
    ("config", "expected"), [({"do_lower_case": True}, "rose"), (CASED, "missing")]
)
def test_a_vocabulary_of_its_own_file_is_read_alike(
    tmp_path, write_bert, config, expected
):
    folder = write_bert(tmp_path / "hf")
    (folder / "tokenizer.json").unlink()
    (folder / "vocab.txt").write_text("\n".join(PIECES), "utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    tokenizer = PresetTokenizer(str(folder))
    if expected == "missing":  # Nothing says whether letters become lower case.
        assert "do_lower_case" in tokenizer.problem
    else:
        assert tokenizer(["Rosé"]) == [[PIECES.index(expected)]]


TOKENS = {"token_ids": np.array([[2, 5, 6, 3]]), "padding_mask": np.ones((1, 4), int)}


@pytest.mark.parametrize(
    "fields",
    [
        {"hidden_act": "relu"},
        {"hidden_act": "quick_gelu"},
        {"layer_norm_eps": 0.1},
        {"position_embedding_type": "relative_key"},
        {"is_decoder": True},
    ],
)
def test_architectures_that_are_not_computed_are_refused(tmp_path, write_bert, fields):
    folder = write_bert(tmp_path / "hf", **fields)
    ((field, value),) = fields.items()
    message = rf"config.json says {field}={value!r}, and only .* can be read"
    with pytest.raises(WeightsMissingError, match=message) as info:
        load_backbone(str(folder))
    assert "no network here" not in str(info.value)


def test_what_the_usual_architecture_says_changes_nothing(tmp_path, write_bert):
    plain = load_backbone(str(write_bert(tmp_path / "plain")))
    fields = {
        "hidden_act": "gelu_new",
        "layer_norm_eps": 1e-12,
        "position_embedding_type": "absolute",
        "is_decoder": False,
    }
    told = load_backbone(str(write_bert(tmp_path / "told", **fields)))
    np.testing.assert_array_equal(plain(TOKENS), told(TOKENS))


def test_a_replaced_folder_is_read_again(tmp_path, write_bert):
    folder = write_bert(tmp_path / "hf")
    first = np.asarray(load_backbone(str(folder))(TOKENS))
    write_bert(folder, seed=1)
    second = np.asarray(load_backbone(str(folder))(TOKENS))
    assert np.abs(second - first).max() > 0.1
