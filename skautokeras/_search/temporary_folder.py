"""Temporary folders that are deleted, however this process ends."""

import os
import tempfile
from contextlib import contextmanager

from joblib.externals.loky.backend import resource_tracker


@contextmanager
def temporary_folder():
    """Make a temporary folder for as long as the context lasts.

    A signal can end this process before the context: Slurm sends SIGTERM, and SIGKILL
    when memory runs out. So the folder is also known to the process by which joblib
    deletes its own folders after such an end. loky starts it with the first worker; it
    is a new interpreter, not a fork of this process, and ignores SIGTERM.

    Yields
    ------
    path : str

    Examples
    --------
    >>> import os
    >>> from skautokeras._search.temporary_folder import temporary_folder
    >>> with temporary_folder() as path:
    ...     os.path.isdir(path)
    True
    >>> os.path.exists(path)
    False
    """
    folder = tempfile.TemporaryDirectory(
        prefix="skautokeras-", ignore_cleanup_errors=True
    )
    is_tracked = _track(folder.name)
    try:
        yield folder.name
    finally:
        folder.cleanup()
        # On Windows, a worker may still map a file in it. It is deleted later, then.
        if is_tracked and not os.path.exists(folder.name):
            resource_tracker.unregister(folder.name, "folder")


def _track(path):
    """Let the folder be deleted after the end of this process; return whether it is."""
    try:
        resource_tracker.register(path, "folder")
    except (OSError, ValueError):
        # No process can be started, or the path cannot be sent to it: it is too long,
        # or not of ASCII, which older versions of joblib need.
        return False
    return True
