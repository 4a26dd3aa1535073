"""The variants of the methods that a suite measures."""

import json


def variants(methods, params):
    """Return what is measured: methods, and skautokeras with several parameters.

    Parameters
    ----------
    methods : iterable of str
        Names of methods.
    params : list of dict
        Parameters of the estimator of skautokeras. Each dict is a method of its own.

    Returns
    -------
    variants : list of tuple
        Name in the report, method and parameters, which are empty for other methods.

    Examples
    --------
    >>> from benchmarks.harness.variants import variants
    >>> for name, *_ in variants(["skautokeras", "mlp"], [{}, {"cv": 5}]):
    ...     print(name)
    skautokeras
    skautokeras cv=5
    mlp
    """
    found = []
    for method in methods:
        for chosen in params if method == "skautokeras" else [{}]:
            values = [f"{k}={json.dumps(v)}" for k, v in chosen.items()]
            name = " ".join([method, ", ".join(values)]).strip()
            found.append((name, method, chosen))
    return found
