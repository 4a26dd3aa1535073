"""Fitted models as files of other runtimes: TensorFlow, ONNX, LiteRT, Keras."""

import logging
import warnings
from contextlib import contextmanager
from tempfile import TemporaryDirectory

import tensorflow as tf

from skautokeras._data.codes import (
    FIRST_CATEGORY,
    MISSING_CATEGORY,
    UNKNOWN_CATEGORY,
)
from skautokeras._export.keras_model import export_from_tokens, export_keras_model
from skautokeras._export.raw_inputs import Abilities
from skautokeras._export.raw_model import RawModel, export_raw_model
from skautokeras._export.twins import twin_of
from skautokeras._export.twins.text_layers import is_unicode
from skautokeras._layers.base import walk
from skautokeras._state.files import file_to_write, local_path, made_whole
from skautokeras.exceptions import ExportError

# The abilities of each format, which decide what a model in it can hold.
ABILITIES = {
    "tf_saved_model": Abilities("tf_saved_model"),
    "onnx": Abilities("onnx", strings=False, checks=False, shares_names=True),
    "litert": Abilities(
        "litert", strings=False, lookups=False, numbers="float32", checks=False
    ),
    "keras": Abilities("keras"),
}
_SUFFIXES = {"onnx": ".onnx", "litert": ".tflite", "keras": ".keras"}
_FORMATS = {suffix: format for format, suffix in _SUFFIXES.items()}
# Endings of the names of pickled estimators, archives and files of other packages.
_OTHER_SUFFIXES = {
    ".pkl",
    ".pickle",
    ".joblib",
    ".skops",
    ".pb",
    ".pt",
    ".zip",
    ".tar",
    ".gz",
    ".json",
}
# Endings of the names of files in formats that Keras has replaced.
_FORMER_SUFFIXES = {".h5", ".hdf5"}

_SIGNATURE, _FILES_SIGNATURE = "serving_default", "image_files"

# Newest versions of the operations in a file. ONNX Runtime reads them since version
# 1.14 (February 2023).
_OPSET, _ML_OPSET = 18, 3


def export(ensemble, adapter, targets, path, *, format=None, raw):
    """Write a fitted model for another runtime.

    Parameters
    ----------
    ensemble : Ensemble
        Fitted ensemble to export.
    adapter : XAdapter
        Fitted adapter of X.
    targets : YAdapter
        Fitted adapter of y.
    path : str or path-like
        Path of the file to write, or of the folder for a SavedModel.
    format : {"tf_saved_model", "onnx", "litert", "keras"} or None, default=None
        Format of the exported model. If None, the suffix of the path tells it, and a
        path without such a suffix is the folder of a SavedModel.
    raw : bool
        Whether the model starts from raw data. If False, it starts from the arrays of
        the adapter.

    Raises
    ------
    ValueError
        If the format is unknown, or if the path has the wrong suffix or is a folder
        that is not empty.
    FileNotFoundError
        If the folder of a file does not exist.
    ExportError
        If the format cannot hold the model.
    ImportError
        If a package that the format needs is not installed.
    """
    path = local_path(path, "path")
    format = _format_of(path) if format is None else format
    path = _check(path, format)
    if format == "onnx":
        _check_onnx()
    if raw:
        model = export_raw_model(ensemble, adapter, targets, ABILITIES[format])
    else:
        model = export_keras_model(ensemble, is_traced=format != "keras")
        model = export_from_tokens(model, adapter)
        model = RawModel(model, {t.name: t.dtype for t in model.inputs})
    if format in _WRITERS:
        with made_whole(path) as made:
            # Keras writes no file whose suffix is in capitals.
            written = made.with_suffix(_SUFFIXES[format])
            _WRITERS[format](written, model)
            written.rename(made)
        return
    signatures = {_SIGNATURE: model}
    if raw and any(twin_of(part).takes_files() for part in adapter.adapters_):
        signatures[_FILES_SIGNATURE] = export_raw_model(
            ensemble, adapter, targets, ABILITIES[format], encoded=True
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    with made_whole(path) as made:
        _write_saved_model(made, signatures)


def _format_of(path):
    """Return the format that the suffix of a path stands for."""
    return _FORMATS.get(path.suffix.lower(), "tf_saved_model")


def _check(path, format):
    if format not in ABILITIES:
        raise ValueError(
            f"The 'format' parameter of export must be a str among {set(ABILITIES)}. "
            f"Got {format!r} instead."
        )
    if format in _SUFFIXES:
        return _checked_file(path, format)
    if path.suffix.lower() in _FORMER_SUFFIXES:
        raise ValueError(
            f"{path.name!r} is the name of a file in a format that Keras has replaced. "
            f"Use {path.with_suffix('.keras').name!r}, or a name without a suffix for "
            "the folder of a SavedModel."
        )
    if path.suffix.lower() in _OTHER_SUFFIXES:
        raise ValueError(
            f"{path.name!r} is the name of a file of another kind. For a model, use a "
            f"name that ends with {', '.join(map(repr, _FORMATS))}, or one without a "
            "suffix for the folder of a SavedModel. `save` writes the estimator itself."
        )
    if path.suffix.lower() in _FORMATS:
        raise ValueError(
            f"A SavedModel is a folder, and {path.name!r} the name of a file of the "
            f"format {_format_of(path)!r}. Use another name or another format."
        )
    if path.exists() and not (path.is_dir() and _is_empty(path)):
        raise ValueError(f"A SavedModel is an empty or new folder; {path} is not one.")
    return path


def _checked_file(path, format):
    """Return the path of a file that can be written; its name must fit the format."""
    suffix = _SUFFIXES[format]
    if path.suffix.lower() != suffix:
        raise ValueError(
            f"The name of a file of the format {format!r} ends with {suffix!r}, got "
            f"{path.name!r}."
        )
    return file_to_write(path, "path")


def _is_empty(folder):
    return next(folder.iterdir(), None) is None


def _check_onnx():
    try:
        import onnx  # noqa: F401
        import tf2onnx  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "The format 'onnx' needs other packages: pip install 'skautokeras[onnx]'."
        ) from error


def _write_saved_model(path, models, trace=None):
    """Write models as signatures of one SavedModel; each is traced once."""
    trace = _traced_for_any_number if trace is None else trace
    module = tf.Module()
    module.resources = []
    signatures = {}
    for key, raw in models.items():
        signatures[key] = trace(raw)
        if key == _SIGNATURE:
            module.serve = _endpoint(raw, signatures[key])
        module.resources += [variable.value for variable in raw.model.variables]
        module.resources += _lookup_tables(raw.model)
    tf.saved_model.save(module, str(path), signatures=signatures)


def _lookup_tables(model):
    """Return the lookup tables of all layers, because they are not variables."""
    values = (value for layer in walk(model) for value in vars(layer).values())
    return [value for value in values if isinstance(value, tf.lookup.StaticHashTable)]


def _traced(raw):
    """Return the function of a signature, with one tensor per input."""

    def call(**inputs):
        return raw.model(inputs, training=False)

    return tf.function(call, autograph=False).get_concrete_function(**_specs(raw))


def _traced_for_any_number(raw):
    """Return the function of a signature that takes no rows as well.

    Some kernels of convolutions fail for batches of no rows.
    """

    def call(**inputs):
        n_rows = tf.shape(next(iter(inputs.values())))[0]
        return tf.cond(
            n_rows > 0,
            lambda: raw.model(inputs, training=False),
            lambda: {
                name: tf.zeros((0, *tensor.shape[1:]), tensor.dtype)
                for name, tensor in raw.model.output.items()
            },
        )

    return tf.function(call, autograph=False).get_concrete_function(**_specs(raw))


def _endpoint(raw, traced):
    """Return the function of one dict that `keras.layers.TFSMLayer` calls.

    A layer of Keras turns all floats into float32, so that there is a trace for these.
    """
    specs = _specs(raw)

    def call(inputs):
        return traced(
            **{
                k: tf.cast(v, specs[k].dtype) if v.dtype.is_floating else v
                for k, v in inputs.items()
            }
        )

    endpoint = tf.function(call, autograph=False)
    endpoint.get_concrete_function(specs)
    singles = {
        name: tf.TensorSpec(spec.shape, "float32") if spec.dtype.is_floating else spec
        for name, spec in specs.items()
    }
    endpoint.get_concrete_function(singles)
    return endpoint


def _specs(raw):
    """Return the shape and the type of each input, by name."""
    return {
        tensor.name: tf.TensorSpec(
            tensor.shape, raw.dtypes[tensor.name], name=tensor.name
        )
        for tensor in raw.model.inputs
    }


def _write_litert(path, raw):
    with TemporaryDirectory() as folder:
        _write_saved_model(folder, {_SIGNATURE: raw}, _traced)
        converter = tf.lite.TFLiteConverter.from_saved_model(
            folder, signature_keys=[_SIGNATURE]
        )
        try:
            content = converter.convert()
        # The converter raises errors whose classes are in a private module.
        except Exception as error:
            raise ExportError(
                "LiteRT has no operations for this network. Use format='onnx' or "
                "format='tf_saved_model'."
            ) from error
    path.write_bytes(content)


def _write_onnx(path, raw):
    import onnx

    with _without_messages():
        raw.model.export(
            path,
            format="onnx",
            verbose=False,
            input_signature=[_specs(raw)],
            opset_version=_OPSET,
        )
    proto = onnx.load(path)
    # TensorFlow sorts the inputs by name; they have the order of the columns of X.
    values = {value.name: value for value in proto.graph.input}
    del proto.graph.input[:]
    proto.graph.input.extend(values[name] for name in raw.dtypes)
    for value in (*proto.graph.input, *proto.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    for name, categories in raw.lookups.items():
        _look_up_before(proto.graph, name, categories)
    for name, classes in raw.labels.items():
        _look_up_behind(proto.graph, name, classes)
    domains = {opset.domain for opset in proto.opset_import}
    if "ai.onnx.ml" not in domains:
        proto.opset_import.append(onnx.helper.make_opsetid("ai.onnx.ml", _ML_OPSET))
    onnx.checker.check_model(proto)
    onnx.save(proto, path)


def _write_keras(path, raw):
    raw.model.save(path)


_WRITERS = {"keras": _write_keras, "onnx": _write_onnx, "litert": _write_litert}


@contextmanager
def _without_messages():
    """Suppress messages in which Keras, tf2onnx and TensorFlow warn of each other."""
    # tf2onnx has a line for each tensor whose shape it does not know.
    loggers = tf.get_logger(), logging.getLogger("tf2onnx.graph")
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel("ERROR")
    try:
        with warnings.catch_warnings():
            # Keras checks whether NumPy has a name that tf2onnx needs.
            warnings.filterwarnings("ignore", ".*np.object", FutureWarning)
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _look_up_before(graph, name, categories):
    """Turn an input of codes into one of strings, whose codes the graph looks up."""
    from onnx import TensorProto, helper

    numbers = {
        category: i for i, category in enumerate(categories, start=FIRST_CATEGORY)
    }
    numbers = {"": MISSING_CATEGORY, **numbers}
    numbers = {string: i for string, i in numbers.items() if is_unicode(string)}
    lookup = helper.make_node(
        "LabelEncoder",
        [name],
        [f"{name}/code"],
        domain="ai.onnx.ml",
        keys_strings=list(numbers),
        values_int64s=list(numbers.values()),
        default_int64=UNKNOWN_CATEGORY,
    )
    for node in graph.node:
        node.input[:] = [f"{name}/code" if x == name else x for x in node.input]
    graph.node.insert(0, lookup)
    value = next(value for value in graph.input if value.name == name)
    value.type.tensor_type.elem_type = TensorProto.STRING


def _look_up_behind(graph, name, classes):
    """Turn an output of positions into one of strings, which the graph looks up."""
    from onnx import TensorProto, helper

    for node in graph.node:
        node.input[:] = [f"{name}/place" if x == name else x for x in node.input]
        node.output[:] = [f"{name}/place" if x == name else x for x in node.output]
    graph.node.append(
        helper.make_node(
            "LabelEncoder",
            [f"{name}/place"],
            [name],
            domain="ai.onnx.ml",
            keys_int64s=range(len(classes)),
            values_strings=classes,
            default_string="",
        )
    )
    value = next(value for value in graph.output if value.name == name)
    value.type.tensor_type.elem_type = TensorProto.STRING
