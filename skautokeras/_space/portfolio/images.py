"""Known configurations of `ImageBlock`."""

from skautokeras._data.schema import IMAGE_VECTORS, ImageSchema
from skautokeras._space import accelerator
from skautokeras._space.portfolio.parts import HEAD, dense, full_names, within


def _image(*, block_type, network, augmentation=None, reduction, training):
    """Return the values for the steps of an `ImageBlock`."""
    return {
        "normalize": True,
        "augment": augmentation is not None,
        "block_type": block_type,
        "spatial_reduction_1/reduction_type": reduction,
        **within("image_augmentation_1", augmentation or {}),
        **within(f"{block_type}_block_1", network),
        **within("training", {"schedule": "one_cycle", **training}),
    }


def _convolutions(filters, **others):
    return {
        "kernel_size": 3,
        "n_blocks": len(filters),
        **{f"filters_{i}": n for i, n in enumerate(filters)},
        **others,
    }


# Four pixels of 32, a square of eight (Page, How to train your ResNet).
_CROP_AND_CUTOUT = {"translation": 0.0, "crop": 0.125, "cutout": 0.25}
_MIRRORED = {"flip": "horizontal", **_CROP_AND_CUTOUT}
# Digits and letters: not mirrored, but written in many ways.
_WRITTEN = {"flip": "none", "translation": 0.1, "rotation": 10.0, "zoom": 0.1}


def _nine_layers(filters, augmentation, epochs):
    """Return the residual network of nine layers, published with 64 filters."""
    return _image(
        block_type="res_net",
        network={"version": "v1", "depth": 9, "filters": filters},
        augmentation=augmentation,
        reduction="global_max",
        training=_regularized(5e-3, epochs),
    )


def _regularized(learning_rate, epochs):
    """Return a training that holds large networks back."""
    return {
        "learning_rate": learning_rate,
        "weight_decay": 1e-1,
        "epochs": epochs,
        "label_smoothing": 0.1,
    }


IMAGE = (
    # A small network: the first answer, in a minute. No flips: digits have a direction.
    _image(
        block_type="conv",
        network=_convolutions((16, 32, 64), n_layers=1, dropout=0.1),
        augmentation={"flip": "none", "translation": 0.1},
        reduction="flatten",
        training={"learning_rate": 1e-2, "weight_decay": 1e-2, "epochs": 16},
    ),
    # Things have no direction, clothes and photographs among them: twice as wide, and
    # images mirrored but nowhere else than they were.
    _image(
        block_type="conv",
        network=_convolutions((32, 64, 128), n_layers=1, dropout=0.1),
        augmentation={"flip": "horizontal", "translation": 0.0},
        reduction="flatten",
        training={"learning_rate": 1e-2, "weight_decay": 1e-2, "epochs": 16},
    ),
    # A residual network of nine layers, a quarter as wide as it was published. So short
    # a training learns less from images that are covered in part.
    *(
        _nine_layers(16, {"flip": flip, **_CROP_AND_CUTOUT, "cutout": 0.0}, epochs=16)
        for flip in ("none", "horizontal")
    ),
    # More convolutions, images turned and zoomed as well: digits and letters.
    _image(
        block_type="conv",
        network=_convolutions((32, 64, 128), n_layers=2, dropout=0.2),
        augmentation=_WRITTEN,
        reduction="flatten",
        training={
            "learning_rate": 3e-3,
            "weight_decay": 1e-2,
            "epochs": 16,
            "label_smoothing": 0.1,
        },
    ),
    # The residual network half as wide as published and longer; then as wide.
    *(_nine_layers(filters, _MIRRORED, epochs=32) for filters in (32, 64)),
)

# Behind those, where a fast GPU trains them: what would take days on two cores.
LARGE_IMAGES = (
    # An EfficientNet at the size of the images.
    _image(
        block_type="efficient_net",
        network={"version": "small"},
        augmentation=_MIRRORED,
        reduction="global_avg",
        training=_regularized(2e-3, epochs=64),
    ),
    # The network of nine layers as wide as published and longer: for what must not be
    # mirrored, and for what may.
    *(_nine_layers(64, variation, epochs=64) for variation in (_WRITTEN, _MIRRORED)),
    # Deeper ones (He et al., arXiv:1603.05027), as wide as published.
    *(
        _image(
            block_type="res_net",
            network={"version": "v2", "depth": depth, "filters": 64},
            augmentation=_MIRRORED,
            reduction="global_avg",
            training=_regularized(2e-3, epochs=64),
        )
        for depth in (18, 50)
    ),
)

# Fewer images than these are described as well as learned from.
_FEW = 1000
FEW_IMAGES = (
    _image(
        block_type="oriented_gradients",
        network={"n_cells": 8, "n_directions": 8},
        reduction="flatten",
        training={
            "learning_rate": 5e-3,
            "weight_decay": 1e-1,
            "epochs": 32,
            "batch_size": 32,
        },
    ),
    *IMAGE,
)


def _on_vectors(kind):
    """Return the values of an `EfficientNetBlock` with ``trainable=False``."""
    return {"vectors": kind, "dropout": 0.3}


# Networks on vectors of a pretrained model, which are trained in seconds, without and
# with a layer between the vectors and the head.
_LINEAR = within("training", {**HEAD, "learning_rate": 1e-3, "weight_decay": 1e-1})
_LAYER = {
    **within("behind_1", dense(1, 512, activation="relu", dropout=0.5)),
    **within("training", {**HEAD, "learning_rate": 5e-4, "weight_decay": 1e-1}),
}
# A few epochs at small rates, the head first (arXiv:2202.10054).
_TUNED = {
    "learning_rate_factor": 0.03,
    "head_first": 0.25,
    "dropout": 0.2,
    **within(
        "training",
        {
            "learning_rate": 5e-3,
            "weight_decay": 1e-2,
            "epochs": 8,
            "batch_size": 32,
            "schedule": "one_cycle",
        },
    ),
}
# The last layers only, at more than the usual rate, on smaller images in few epochs,
# then on larger ones (measurement 0069).
_LAST_LAYERS = {
    **_TUNED,
    "learning_rate_factor": 0.2,
    "head_first": 0.0,
    "trained_share": 0.3,
}
_OF_PRETRAINED = (
    {**_LAST_LAYERS, "side": 128, "training/epochs": 3},
    {**_LAST_LAYERS, "training/epochs": 8},
    _TUNED,
)


def for_efficient_net(schemas):
    """Return the configurations of an `EfficientNetBlock` with weights.

    Parameters
    ----------
    schemas : sequence of Schema
        Schema of each input.

    Returns
    -------
    configurations : tuple of dict
        Values by the names in the block.
    """
    return (
        *(
            {"trainable": False, **_on_vectors(kind), **_LINEAR}
            for kind in _kinds(schemas)
        ),
        *({"trainable": True, **values} for values in _OF_PRETRAINED),
    )


def _for_pretrained(schemas):
    """Return the configurations of an `ImageBlock` on vectors, and with tuned weights.

    The cheapest of both come first.
    """
    kinds = _kinds(schemas)
    # The first and the last kind may be the same.
    heads = dict.fromkeys([(kinds[0], False), (kinds[0], True), (kinds[-1], True)])
    frozen = [
        {
            "block_type": "pretrained",
            **within("frozen_1", _on_vectors(kind)),
            "has_layers": has_layers,
            **(_LAYER if has_layers else _LINEAR),
        }
        for kind, has_layers in heads
    ]
    tuned = [
        {
            "block_type": "tuned",
            "normalize": False,
            "augment": True,
            **within("image_augmentation_1", _MIRRORED),
            **full_names("tuned_1", values),
        }
        for values in _OF_PRETRAINED
    ]
    return frozen, tuned


def _kinds(schemas):
    """Return the kinds of vectors that there are; all of them if nothing is known."""
    views = [view for s in schemas for view in getattr(s, "views", ())]
    return [
        kind
        for kind in IMAGE_VECTORS
        if kind == IMAGE_VECTORS[0]
        or not views
        or any(getattr(view, kind) for view in views)
    ]


def for_images(schemas, presets=()):
    """Return the configurations for images.

    Parameters
    ----------
    schemas : sequence of Schema
        Schema of each input. Few images have configurations of their own, and more
        images have larger ones on a fast GPU. If there are none, the configurations for
        any images are returned.
    presets : sequence of str, default=()
        Pretrained models, of which the first one is tuned.

    Returns
    -------
    configurations : tuple of dict
        Values by the names in the block, the cheapest configuration first.
    """
    known = IMAGE
    if are_few(schemas):
        known = FEW_IMAGES
    elif schemas and accelerator.has_fast_gpu():
        known = (*IMAGE, *LARGE_IMAGES)
    if not presets:
        return known
    names = [{"preset": preset} for preset in presets] if len(presets) > 1 else [{}]
    frozen, tuned = _for_pretrained(schemas)
    frozen = [{**values, **name} for values in frozen for name in names]
    return (*frozen, *known, *({**values, **names[0]} for values in tuned))


def rank_for_images(values, schemas):
    """Return whether a configuration comes behind others whatever it costs.

    Few images are learned from by convolutions before they are described, which costs
    less. Networks on the vectors of a pretrained model come before all others, with
    those whose last layers alone are trained.

    Parameters
    ----------
    values : dict of str to object
        Values of an `ImageBlock`, by their names in it.
    schemas : sequence of Schema
        Schema of each input.

    Returns
    -------
    rank : int or None
        Rank of the configuration, 0 if it comes first. If None, its cost decides.
    """
    trains_little = values.get("tuned_1/trained_share", 1.0) < 1.0
    if values.get("block_type") == "pretrained" or trains_little:
        return 0
    has_pretrained = any(getattr(schema, "views", ()) for schema in schemas)
    if not are_few(schemas):
        return 1 if has_pretrained else None
    is_late = values.get("block_type") in ("oriented_gradients", "res_net")
    return int(is_late) + has_pretrained


def are_few(schemas):
    """Return whether images are so few that several trainings pay more than a long one.

    Parameters
    ----------
    schemas : sequence of Schema
        Schema of each input.
    """
    return any(isinstance(s, ImageSchema) and s.n_samples < _FEW for s in schemas)
