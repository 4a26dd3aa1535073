"""Folders of Hugging Face: read as they say, or refused with the reason."""

import json
import re

import numpy as np
import pytest

pytest.importorskip("keras_hub")

from skautokeras._data.schema.pretrained import Subwords
from skautokeras._space import PresetTokenizer, load_backbone
from skautokeras._space.text_models import load_encoder
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


def rewrite(folder, name, change):
    """Let a function change the content of a JSON file."""
    path = folder / name
    content = json.loads(path.read_text()) if path.is_file() else {}
    change(content)
    path.write_text(json.dumps(content))


def add_pieces(**numbers):
    return lambda content: content["model"]["vocab"].update(numbers)


def test_a_tokenizer_with_more_tokens_than_the_model_is_refused(tmp_path, write_bert):
    folder = write_bert(tmp_path / "hf")
    rewrite(folder, "tokenizer.json", add_pieces(extra=15))
    problem = PresetTokenizer(str(folder)).problem
    assert "tokens up to the number 15" in problem
    assert "the model knows 15" in problem


def test_pieces_keep_their_numbers_where_some_are_missing(tmp_path, write_bert):
    folder = write_bert(tmp_path / "hf")
    whole = PresetTokenizer(str(folder))(["red wine with roses"])
    rewrite(
        folder, "tokenizer.json", lambda content: content["model"]["vocab"].pop("a")
    )
    assert PresetTokenizer(str(folder))(["red wine with roses"]) == whole


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [
        ("model", "continuing_subword_prefix", "@@"),
        ("model", "unk_token", "<unk>"),
        ("model", "max_input_chars_per_word", 30),
        ("pre_tokenizer", "type", "Whitespace"),
    ],
)
def test_other_ways_to_split_words_are_refused(
    tmp_path, write_bert, part, field, value
):
    folder = write_bert(tmp_path / "hf")
    rewrite(
        folder,
        "tokenizer.json",
        lambda content: content.setdefault(part, {}).update({field: value}),
    )
    name = "pre_tokenizer" if part == "pre_tokenizer" else field
    assert f"says {name}={value!r}" in PresetTokenizer(str(folder)).problem


def test_words_that_are_not_split_at_all_are_refused(tmp_path, write_bert):
    folder = write_bert(tmp_path / "hf")
    rewrite(
        folder, "tokenizer.json", lambda content: content.update(pre_tokenizer=None)
    )
    assert "says pre_tokenizer=None" in PresetTokenizer(str(folder)).problem


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("tokenizer.json", "[]", "tokenizer.json cannot be read: it is no JSON object"),
        ("tokenizer.json", "{", "tokenizer.json cannot be read: Expecting"),
    ],
)
def test_a_damaged_tokenizer_is_told(tmp_path, write_bert, name, content, reason):
    folder = write_bert(tmp_path / "hf")
    (folder / name).write_text(content)
    assert reason in PresetTokenizer(str(folder)).problem


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("config.json", "{", "config.json cannot be read"),
        ("1_Pooling/config.json", "{", "1_Pooling/config.json cannot be read"),
        (
            "sentence_bert_config.json",
            '{"max_seq_length": "256"}',
            "max_seq_length='256'",
        ),
        ("sentence_bert_config.json", '{"max_seq_length": 2}', "max_seq_length=2"),
    ],
)
def test_a_damaged_model_is_told(tmp_path, write_bert, name, content, reason):
    folder = write_bert(tmp_path / "hf")
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(content)
    subwords = Subwords(preset=str(folder), width=5)
    with pytest.raises(WeightsMissingError, match=re.escape(reason)) as info:
        load_encoder(str(folder), subwords)
    assert "no network here" not in str(info.value)


@pytest.mark.parametrize("kind", ["bert", "roberta"])
def test_lone_surrogates_are_no_error(tiny_preset, kind):
    tokenizer = PresetTokenizer(tiny_preset(kind))
    (tokens,) = tokenizer(["good\ud83d"])
    assert tokens[: len(tokenizer(["good"])[0])] == tokenizer(["good"])[0]


def test_pairs_of_surrogates_are_one_character(tmp_path, write_bert):
    tokenizer = PresetTokenizer(str(write_bert(tmp_path / "hf")))
    assert tokenizer(["\ud83d\ude00"]) == tokenizer(["\U0001f600"])
