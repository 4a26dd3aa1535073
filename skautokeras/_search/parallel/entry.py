"""The function that is sent to workers: it compares versions before it runs a task.

A worker may be on a machine without this package, or with another version of it. So
the function is sent as it is, not by its name, and it imports the package only once the
versions are found to be the same. What it takes and returns are bytes and arrays for
the same reason.
"""

from skautokeras.exceptions import SearchError


def make_entry():
    """Return the function ``enter(content, payload)`` that is sent to workers.

    It returns what `skautokeras._search.parallel.worker.run_job` returns, or else a
    dict that says why the worker is of no use.

    Returns
    -------
    enter : callable
        Function that knows the versions of this process.

    Examples
    --------
    >>> from skautokeras._search.parallel.entry import make_entry
    >>> make_entry().__qualname__  # A name that a worker cannot import.
    'make_entry.<locals>.enter'
    """

    # A function inside of another one is pickled with its code.
    def find_versions():
        import importlib.metadata
        import importlib.util

        found = {"skautokeras": None}
        if importlib.util.find_spec("skautokeras") is not None:
            package = importlib.import_module("skautokeras")
            found["skautokeras"] = package.__version__
        for name in ("keras", "tensorflow"):
            found[name] = None
            if importlib.util.find_spec(name) is not None:
                try:
                    version = importlib.metadata.version(name)
                except importlib.metadata.PackageNotFoundError:
                    version = "?"  # A package of another name provides it.
                found[name] = ".".join(version.split(".")[:2])
        return found

    expected = find_versions()

    def enter(content, payload):
        import platform

        found = find_versions()
        for name, version in found.items():
            if version != expected[name] and "?" not in (version, expected[name]):
                machine = platform.node()
                return {"found": found, "expected": expected, "machine": machine}
        from skautokeras._search.parallel.worker import run_job

        return run_job(content, payload)

    return enter


def check_answer(answer):
    """Raise an error if a worker is of no use.

    Parameters
    ----------
    answer : bytes or dict
        Result of the function that `make_entry` returns.

    Raises
    ------
    SearchError
        If the worker has other versions; the message names them.
    """
    if isinstance(answer, bytes):
        return
    found, expected = answer["found"], answer["expected"]
    different = [
        f"{name} {expected[name]} here and {found[name] or 'none'} there"
        for name in expected
        if found[name] != expected[name]
    ]
    raise SearchError(
        f"A worker on the machine {answer['machine']!r} cannot run trials of this "
        f"process. There is {', '.join(different)}. Install the same versions on all "
        "machines."
    )
