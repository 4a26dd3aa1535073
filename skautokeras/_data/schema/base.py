"""Schema: the facts about the data of one input, and what follows for training."""

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class TrainingTraits:
    """What follows for training from the kind of the data.

    Parameters
    ----------
    average_weights : bool, default=False
        Whether the search decides if the average of the weights over the last steps
        predicts, in the place of the weights themselves.

    smooth_labels : bool, default=False
        Whether label smoothing is searched however many rows there are, and even for
        scores that judge probabilities. It always is where rows are few.

    regularize_by_schedule : bool, default=False
        Whether the search decides how weight decay and dropout change during training,
        and how much the mean of squared gradients remembers.

    pretrained : bool, default=False
        Whether pretrained models may be trained further: a warm-up of the learning rate
        is searched, and fewer epochs.

    prefers_folds : bool, default=False
        Whether trainings are short enough for cross-validation where rows are few. It
        is used only if all inputs have it.

    Examples
    --------
    >>> from skautokeras import TrainingTraits
    >>> TrainingTraits(average_weights=True).smooth_labels
    False
    """

    average_weights: bool = False
    smooth_labels: bool = False
    regularize_by_schedule: bool = False
    pretrained: bool = False
    prefers_folds: bool = False

    @classmethod
    def of(cls, schemas):
        """Return the traits of data of several inputs: all that one of them has.

        Folds are for data of which all inputs prefer them.

        Parameters
        ----------
        schemas : list of Schema
            One per input.

        Returns
        -------
        traits : TrainingTraits
        """
        schemas = list(schemas)
        names = [trait.name for trait in fields(cls)]
        traits = {n: any(getattr(s.traits, n) for s in schemas) for n in names}
        traits["prefers_folds"] = all(s.traits.prefers_folds for s in schemas)
        return cls(**traits)


class Schema:
    """Base class of what an adapter has learned about the data of an input.

    A schema is a frozen record. Its attribute ``n_samples`` is the number of rows that
    were seen in `fit`; everything else is what the input needs to make tensors and what
    blocks need to make layers.

    Attributes
    ----------
    traits : TrainingTraits
        Consequences that the kind of the data has for training. By default none.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> from skautokeras import Schema, TrainingTraits
    >>> @dataclass(frozen=True)
    ... class PointsSchema(Schema):
    ...     n_samples: int
    ...     n_points: int
    ...     traits = TrainingTraits(average_weights=True)
    >>> PointsSchema(n_samples=100, n_points=8).traits.average_weights
    True
    """

    traits = TrainingTraits()

    @property
    def encodings(self):
        """What pretrained models read of the input, and what they make of it.

        Returns
        -------
        encodings : list of Encoding
            By default none.
        """
        return []

    @property
    def vectors(self):
        """Width and dtype of each array of vectors of pretrained models, by its name.

        Returns
        -------
        vectors : dict of str to (int, str)
        """
        found = {}
        for encoding in self.encodings:
            found |= encoding.vectors
        return found

    def with_training_rows(self, arrays, y):
        """Return the schema with what only the training rows of a split may tell.

        With facts about the targets of validation rows, networks that use them would
        look better than they are (decision 0022). So a search asks for them after the
        split, and in each fold anew.

        Parameters
        ----------
        arrays : dict of str to ndarray
            The training rows as the adapter has made them.

        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Their targets: codes of classes, labels, or numbers that are floats. Of
            several heads this is the target of the first one.

        Returns
        -------
        schema : Schema
            By default the schema itself.
        """
        return self

    def features(self, arrays, name):
        """Return numbers and categories by which rows can be compared.

        A report looks for a single one that tells the target, for copies, and for
        differences between rows.

        Parameters
        ----------
        arrays : dict of str to ndarray
            Rows as the adapter has made them, under the names that it gives them.

        name : str
            Name of the input.

        Returns
        -------
        features : list of Feature
            By default none.
        """
        return []

    def far_columns(self, arrays, prefix=""):
        """Return the columns whose values are far from those in `fit`.

        Parameters
        ----------
        arrays : dict of str to ndarray
            Other rows as the adapter has made them.

        prefix : str, default=""
            Beginning of the names of the arrays.

        Returns
        -------
        names : list of str
            By default none.
        """
        return []
