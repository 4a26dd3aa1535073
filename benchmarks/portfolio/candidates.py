"""Candidates: the predefined configurations by short names."""

from benchmarks.internals import predefined_values


def predefined_candidates():
    """Return the values of all predefined configurations by short names.

    The names number the configurations of one kind of layers, such as ``dense_1``.
    """
    candidates, counts = {}, {}
    for values in predefined_values():
        kind = values["block_type"]
        counts[kind] = counts.get(kind, 0) + 1
        candidates[f"{kind}_{counts[kind]}"] = values
    return candidates
