"""The machine that a process runs on: its memory."""

from pathlib import Path

import psutil

# Where Linux tells how much memory a container may use and uses: control groups of the
# second version and of the first. Files that are kept in memory are no loss.
_CONTROL_GROUPS = (
    ("/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"),
    (
        "/sys/fs/cgroup/memory",
        "memory.limit_in_bytes",
        "memory.usage_in_bytes",
        "total_inactive_file",
    ),
)


def memory_left():
    """Return how many bytes of memory this process can still take, about.

    The limits of a container count, and those that the system has set for the process.

    Returns
    -------
    n_bytes : int

    Examples
    --------
    >>> from skautokeras._state.machine import memory_left
    >>> memory_left() > 0
    True
    """
    limits = [psutil.virtual_memory().available]
    for folder, limit, used, cached in _CONTROL_GROUPS:
        most = _number_in(f"{folder}/{limit}")
        if most is not None:
            taken = _number_in(f"{folder}/{used}") or 0
            files = _number_in(f"{folder}/memory.stat", cached) or 0
            limits.append(most - max(taken - files, 0))
    process = psutil.Process()
    if hasattr(process, "rlimit"):
        most, _ = process.rlimit(psutil.RLIMIT_AS)
        if most > 0:
            limits.append(most - process.memory_info().vms)
    return max(min(limits), 0)


def _number_in(path, name=None):
    """Return the number in a file, or the one behind a name; None if there is none."""
    try:
        text = Path(path).read_text()
        if name is not None:
            text = dict(line.split() for line in text.splitlines())[name]
        return int(text)
    except (OSError, ValueError, KeyError):
        return None
