"""Errors about data: where they come from, and a message that several files raise."""

from contextlib import contextmanager


@contextmanager
def errors_about(what):
    """Begin the messages of errors with the data that they are about.

    Parameters
    ----------
    what : str or None
        Beginning of the message, such as "Input 'image_input_1'". None leaves messages
        as they are.

    Examples
    --------
    >>> from skautokeras._data.errors import errors_about
    >>> with errors_about("Input 'photo'"):
    ...     raise ValueError("It is dark.")
    Traceback (most recent call last):
    ValueError: Input 'photo': It is dark.
    """
    try:
        yield
    except (TypeError, ValueError) as error:
        if what is None:
            raise
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{what}: {error}") from error


def too_large(name):
    """Return the message about a column with a value that is not finite.

    Parameters
    ----------
    name : str
        Name of the column.

    Returns
    -------
    message : str

    Examples
    --------
    >>> from skautokeras._data.errors import too_large
    >>> print(too_large("age"))
    Input X contains infinity or a value too large for dtype('float64').
    Column 'age'.
    """
    return (
        "Input X contains infinity or a value too large for dtype('float64').\n"
        f"Column {name!r}."
    )
