"""The conditions that a search began in, which it keeps when it goes on elsewhere."""

import tensorflow as tf
from joblib import cpu_count

from skautokeras._search.journal_folder import conditions_in
from skautokeras._search.parallel.backends import count_workers_of_a_machine
from skautokeras._state.machine import memory_left

# The rest is for the data of trials, and for other programs.
_SHARE_OF_MEMORY = 0.7


def conditions_of(journal, options):
    """Return the time and the machine that a search has, or had when it began.

    The arrays that the adapters make, and which configurations are tried, depend on
    them. A search that goes on with more time or on another machine would be another
    one if it did not keep them.

    Parameters
    ----------
    journal : Journal or None
        Journal of the search that a warm start continues.
    options : FitOptions
        Parameters of this call.

    Returns
    -------
    conditions : dict of str to (int, float or None)
        "max_time" in seconds, "n_cores", and "max_memory" in bytes for one training.
    """
    if journal is not None:
        return journal.conditions
    conditions = None
    if options.directory is not None and not options.shares_directory:
        conditions = conditions_in(options.directory)
    return conditions or {
        "max_time": options.max_time,
        "n_cores": cpu_count(),
        "max_memory": _memory_of_a_training(options.n_jobs),
    }


def _memory_of_a_training(n_jobs):
    """Return how many bytes a training may take; None where a GPU has its own memory.

    The machines of a cluster are taken to have the memory of this one.

    A GPU raises an error where its memory does not suffice, and the trial fails. In the
    memory of the machine, the whole process would end.
    """
    if tf.config.get_visible_devices("GPU"):
        return None
    return int(_SHARE_OF_MEMORY * memory_left() / count_workers_of_a_machine(n_jobs))
