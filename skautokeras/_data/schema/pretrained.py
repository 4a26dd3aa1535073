"""What pretrained models read of an input, and the vectors that they make of it."""

from dataclasses import dataclass, replace

from skautokeras._state.names import saved_as

# Kinds of vectors that a pretrained model makes of texts: those of the model itself,
# and means of fixed vectors of tokens.
VECTORS = ("encoder", "static")
# The same of images: those of the model itself, and means with those of the mirror
# image.
IMAGE_VECTORS = ("encoder", "mirrored")


@saved_as("Subwords")
@dataclass(frozen=True)
class Subwords:
    """Facts about texts for one pretrained model.

    Parameters
    ----------
    preset : str
        Name or folder of the model.

    width : int, default=0
        Tokens of a text that are kept at most: the width of the array. 0: there is no
        tokenizer.

    start, end : int or None, default=None
        Numbers of the tokens that the model expects around a text. None if it expects
        none.

    pad : int, default=0
        Number of the token that fills up.

    problem : str or None, default=None
        Reason why there is no tokenizer, or why there are no vectors.

    encoder, static : int, default=0
        Lengths of the vectors that the model, and fixed vectors of its tokens, make of
        the texts (`VECTORS`). 0: there are no such vectors.

    Examples
    --------
    >>> from skautokeras._data.schema import Subwords
    >>> Subwords("folder", width=30, start=101, end=102).longest
    32
    """

    kinds = VECTORS

    preset: str
    width: int = 0
    start: int | None = None
    end: int | None = None
    pad: int = 0
    problem: str | None = None
    encoder: int = 0
    static: int = 0

    @property
    def longest(self):
        """Tokens of a text at most, with those around it.

        Returns
        -------
        longest : int
        """
        return self.width + (self.start is not None) + (self.end is not None)


@saved_as("Views")
@dataclass(frozen=True)
class Views:
    """Facts about images for one pretrained model.

    Parameters
    ----------
    preset : str
        Name, file or folder of the model.

    low, high : float
        Values that stand for the darkest and the brightest pixel.

    problem : str or None, default=None
        Reason why there are no vectors.

    encoder, mirrored : int, default=0
        Lengths of the vectors that the model makes of the images, and of the means of
        these and those of the mirror images (`IMAGE_VECTORS`). 0: there are no such
        vectors.

    Examples
    --------
    >>> from skautokeras._data.schema import Views
    >>> Views("efficientnet_b0", 0.0, 255.0, encoder=1280).mirrored
    0
    """

    kinds = IMAGE_VECTORS

    preset: str
    low: float
    high: float
    problem: str | None = None
    encoder: int = 0
    mirrored: int = 0


@dataclass(frozen=True)
class Encoding:
    """The array that a pretrained model reads, and the names of what it makes of it.

    Parameters
    ----------
    array : str
        Name of the array that the model reads.

    facts : Subwords or Views
        Facts about the array for the model.

    number : int
        Number of the model, from 1, among those that read the same input.

    prefix : str, default=""
        Beginning of the names of the vectors.

    Examples
    --------
    >>> from skautokeras._data.schema import Encoding, Views
    >>> views = Views("efficientnet_b0", 0.0, 255.0, encoder=1280)
    >>> Encoding("pixels", views, 1).vectors
    {'encoder_1': (1280, 'float32')}
    """

    array: str
    facts: Subwords | Views
    number: int
    prefix: str = ""

    @property
    def key(self):
        """What tells encoders apart: all texts share one of a model, but no images.

        Those of several inputs have other sizes and ranges of pixels.
        """
        preset = self.facts.preset
        return preset if isinstance(self.facts, Subwords) else f"{preset}: {self.array}"

    def name(self, kind):
        """Return the name of the array of vectors of a kind.

        Parameters
        ----------
        kind : str
            One of ``facts.kinds``.

        Returns
        -------
        name : str
        """
        return f"{self.prefix}{kind}_{self.number}"

    @property
    def vectors(self):
        """Width and dtype of each array of vectors that there is, by its name.

        Returns
        -------
        vectors : dict of str to (int, str)
        """
        widths = {kind: getattr(self.facts, kind) for kind in self.facts.kinds}
        return {
            self.name(k): (width, "float32") for k, width in widths.items() if width
        }

    def within(self, prefix):
        """Return the encoding under names that begin with those of an outer part.

        Parameters
        ----------
        prefix : str
            Put before all names of arrays.

        Returns
        -------
        encoding : Encoding
        """
        names = {"array": prefix + self.array, "prefix": prefix + self.prefix}
        return replace(self, **names)


def is_vector_array(name):
    """Return whether an array has the name of vectors of a pretrained model.

    Parameters
    ----------
    name : str
        Name of the array, with or without that of its input before it.

    Examples
    --------
    >>> from skautokeras._data.schema import is_vector_array
    >>> is_vector_array("text_1__static_2"), is_vector_array("text_1__tokens")
    (True, False)
    """
    kind, _, number = name.rpartition("__")[2].partition("_")
    return kind in {*VECTORS, *IMAGE_VECTORS} and number.isdecimal()


def with_facts(models, facts):
    """Return what is known for pretrained models, with new facts.

    Parameters
    ----------
    models : sequence of (Subwords or Views)
        Facts about an input for each model.

    facts : dict of str to dict
        New values of their parameters by the name or folder of the model.

    Returns
    -------
    models : tuple of (Subwords or Views)

    Examples
    --------
    >>> from skautokeras._data.schema.pretrained import Views, with_facts
    >>> (views,) = with_facts([Views("a", 0.0, 1.0)], {"a": {"encoder": 1280}})
    >>> views.encoder
    1280
    """
    return tuple(replace(model, **facts.get(model.preset, {})) for model in models)
