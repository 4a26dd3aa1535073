"""The compiled epochs that a search keeps for its next networks."""

from skautokeras._training.compiled_epoch import CompiledEpoch
from skautokeras._training.inference import MAX_ROWS
from skautokeras._training.row_updates import LARGE
from skautokeras._training.structure import structure


class CompiledCache:
    """Compiled epochs by the structure of networks, the last few that were used.

    They belong to a process: a copy or a pickle of the cache is empty.

    Parameters
    ----------
    max_epochs : int, default=8
        Number of compiled epochs that are kept.
    max_weights : int, default=2**25
        Number of weights that they have together, unless one alone has more. Each
        weight is there about four times, with the state of the optimizer.
    max_rows, min_row_updates : int
        Arguments of `CompiledEpoch`.
    """

    def __init__(
        self,
        max_epochs=8,
        max_weights=2**25,
        *,
        max_rows=MAX_ROWS,
        min_row_updates=LARGE,
    ):
        self._max_epochs = max_epochs
        self._max_weights = max_weights
        self._limits = {"max_rows": max_rows, "min_row_updates": min_row_updates}
        self._epochs = {}

    def __len__(self):
        return len(self._epochs)

    def __reduce__(self):
        return _empty_cache, (self._max_epochs, self._max_weights, self._limits)

    def get(self, built, heads):
        """Return the compiled epoch of a network, with its weights.

        Parameters
        ----------
        built : BuiltNetwork
            A network, freshly initialised.
        heads : dict of str to (Head, TargetSchema)
            Heads of the graph.

        Returns
        -------
        epoch : CompiledEpoch
        """
        training = built.training
        key = (
            training.optimizer,
            training.ema_momentum,
            training.squared_momentum,
            structure(built.network),
        )
        epoch = self._epochs.pop(key, None)
        if epoch is None:
            epoch = CompiledEpoch(built, heads, **self._limits)
        else:
            epoch.start(built)
        self._epochs[key] = epoch
        while len(self._epochs) > 1 and self._is_full():
            del self._epochs[next(iter(self._epochs))]
        return epoch

    def _is_full(self):
        n_weights = sum(epoch.weights.n_weights for epoch in self._epochs.values())
        return len(self._epochs) > self._max_epochs or n_weights > self._max_weights


def _empty_cache(max_epochs, max_weights, limits):
    return CompiledCache(max_epochs, max_weights, **limits)
