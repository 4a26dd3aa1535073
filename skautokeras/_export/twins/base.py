"""RawTwin: what a fitted adapter does, said in Keras layers."""

from skautokeras.exceptions import ExportError

_TWINS = {}


class RawTwin:
    """Base class of the twins of adapters, with which exported models take raw data.

    A model from `export_model(raw=True)` does in Keras layers what the adapter of an
    input does in Python. For an adapter of your own, derive from this class, say of
    which adapter it is the twin, and define `arrays`. Layers of your own have to be
    registered with Keras, so that exported models can be saved.

    Parameters
    ----------
    adapter : transformer
        Fitted adapter.

    Attributes
    ----------
    kind : str
        Name of the raw input of a model that has no other one, if the data is no column
        of a table.

    Examples
    --------
    The twin of an adapter that makes one array of numbers:

    >>> from sklearn.base import BaseEstimator, TransformerMixin
    >>> from skautokeras import RawTwin
    >>> class CurveAdapter(TransformerMixin, BaseEstimator):
    ...     "It makes the array curve, whose length is in the schema."
    >>> class CurveTwin(RawTwin, of=CurveAdapter):
    ...     kind = "curve"
    ...
    ...     def arrays(self, names, inputs):
    ...         shape = (self.adapter.schema_.length,)
    ...         return {"curve": inputs.add(names[None], shape, "float32")}
    """

    kind = "array"

    def __init_subclass__(cls, *, of, **kwargs):
        super().__init_subclass__(**kwargs)
        _TWINS[of] = cls

    def __init__(self, adapter):
        self.adapter = adapter

    def columns(self):
        """Return the columns that are raw inputs.

        Returns
        -------
        columns : list of str or None
            One name for each raw input. By default None alone: one raw input holds all
            that the input takes.
        """
        return [None]

    def arrays(self, names, inputs):
        """Return what the adapter makes, as layers behind raw inputs.

        Parameters
        ----------
        names : dict of str or None to str
            Name of each raw input, by what `columns` returns.
        inputs : RawInputs
            Its methods `add`, `number` and `string` make raw inputs. Its attributes
            ``abilities`` and ``encoded`` say what the format of the model can hold, and
            whether images come as the bytes of files.

        Returns
        -------
        arrays : dict of str to keras.KerasTensor
            By the names that the adapter gives them.

        Raises
        ------
        ExportError
            If layers cannot do it.
        """
        raise NotImplementedError(f"{type(self).__name__} must define arrays.")

    def takes_files(self):
        """Return whether the bytes of image files can stand for the data.

        Returns
        -------
        takes_files : bool
            By default False.
        """
        return False


def twin_of(adapter):
    """Return the twin of an adapter.

    Parameters
    ----------
    adapter : transformer
        Fitted adapter.

    Returns
    -------
    twin : RawTwin

    Raises
    ------
    ExportError
        If its class, and those that it derives from, have none.
    """
    for cls in type(adapter).__mro__:
        if cls in _TWINS:
            return _TWINS[cls](adapter)
    raise ExportError(
        f"{type(adapter).__name__} has no twin in layers. Pass raw=False: the exported "
        "model then starts from the arrays that the estimator makes of X. Or derive a "
        "class from skautokeras.RawTwin for it."
    )
