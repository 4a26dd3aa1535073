"""Files that are there whole or not at all."""

import os


def write_whole(path, content):
    """Write a file so that it is there whole or not at all, and on the disk.

    Parameters
    ----------
    path : pathlib.Path
        Path of the file. A file that is there is replaced.
    content : bytes
        Whole content of the file.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from skautokeras._state.files import write_whole
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_whole(Path(folder, "a"), b"whole")
    ...     [(path.name, path.read_bytes()) for path in Path(folder).iterdir()]
    [('a', b'whole')]
    """
    temporary = path.with_name(path.name + ".tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder):
    """Let the name of a new file reach the disk; not every system can."""
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(folder, os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
