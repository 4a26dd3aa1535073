"""What a target is."""

from dataclasses import dataclass

from skautokeras._state.names import saved_as


@saved_as("TargetSchema")
@dataclass(frozen=True)
class TargetSchema:
    """Facts about the target of one head.

    Parameters
    ----------
    kind : {"binary", "multiclass", "multilabel", "regression"}
        Kind of the task.

    n_outputs : int
        1 for binary, else the number of classes, labels or regression targets.

    lowest, highest : tuple of float, default=()
        The range of each standardised number. Empty: not known, or no numbers.

    Examples
    --------
    >>> from skautokeras._data.schema import TargetSchema
    >>> TargetSchema(kind="multiclass", n_outputs=3).is_classification
    True
    """

    kind: str
    n_outputs: int
    lowest: tuple = ()
    highest: tuple = ()

    @property
    def is_classification(self):
        """Whether the target is made of classes or labels.

        Returns
        -------
        is_classification : bool
        """
        return self.kind != "regression"
