"""The weights of BERT, from KerasHub's names to those of the layers of this package."""

from functools import partial

import numpy as np

from skautokeras._layers.bert import make_bert

_ARCHITECTURES = ("BertBackbone", "DistilBertBackbone")
# Parts of a layer, by their names in `BertLayer`.
_PARTS = {
    "attention_norm": "self_attention_layer_norm",
    "norm": "feedforward_layer_norm",
    "inner": "feedforward_intermediate_dense",
    "outer": "feedforward_output_dense",
}


def is_bert(backbone):
    """Return whether `as_bert` can repeat a model of KerasHub.

    Parameters
    ----------
    backbone : keras_hub.models.Backbone
        Model of any architecture.
    """
    return type(backbone).__name__ in _ARCHITECTURES


def as_bert(backbone):
    """Return what makes the same network of the layers of this package.

    Parameters
    ----------
    backbone : keras_hub.models.BertBackbone or keras_hub.models.DistilBertBackbone
        Model of KerasHub.

    Returns
    -------
    build : callable
        Function without arguments that returns the network with random weights.
    weights : list of ndarray
        Weights of the backbone, for `keras.Model.set_weights` of the network.
    """
    build = partial(
        make_bert,
        vocabulary_size=backbone.vocabulary_size,
        n_places=backbone.max_sequence_length,
        n_layers=backbone.num_layers,
        n_heads=backbone.num_heads,
        width=backbone.hidden_dim,
        hidden=backbone.intermediate_dim,
    )
    found = {weight.path: np.asarray(weight) for weight in backbone.weights}
    return build, [_weight(found, w.path.split("/")) for w in build().weights]


def _weight(found, path):
    """Return a weight by its path in the network, from those of a backbone."""
    layer, *parts = path
    if layer == "embedding":
        return _weight_of_embedding(found, parts)
    part, kind = parts
    prefix = f"transformer_layer_{int(layer.removeprefix('layer_')) - 1}"
    if part in _PARTS:
        return found[f"{prefix}/{_PARTS[part]}/{kind}"]
    attention = f"{prefix}/self_attention_layer"
    width = found[f"{attention}/attention_output/bias"].shape[0]
    # KerasHub keeps an axis of heads.
    names = ("query", "key", "value") if part == "attended" else ("attention_output",)
    arrays = [found[f"{attention}/{name}/{kind}"] for name in names]
    if kind == "bias":
        return np.concatenate([array.ravel() for array in arrays])
    return np.concatenate([array.reshape(width, width) for array in arrays], axis=1)


def _weight_of_embedding(found, parts):
    *norm, kind = parts
    if norm:
        return found[f"embeddings_layer_norm/{kind}"]
    by_table = {
        path.split("/")[-2]: array
        for path, array in found.items()
        if path.endswith("/embeddings")
    }
    if kind == "tokens_embeddings":
        return by_table["token_embedding"]
    places = by_table["position_embedding"]
    segments = by_table.get("segment_embedding")
    return places if segments is None else places + segments[:1]
