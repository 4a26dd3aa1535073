"""The machine that a process runs on: its memory."""

from pathlib import Path

import psutil

# Where Linux tells how much memory a container may use and uses: control groups of the
# second version and of the first.
_CONTROL_GROUPS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
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
    for limit, used in _CONTROL_GROUPS:
        most = _number_in(limit)
        if most is not None:
            limits.append(most - (_number_in(used) or 0))
    process = psutil.Process()
    if hasattr(process, "rlimit"):
        most, _ = process.rlimit(psutil.RLIMIT_AS)
        if most > 0:
            limits.append(most - process.memory_info().vms)
    return max(min(limits), 0)


def _number_in(path):
    """Return the number in a file; None if there is none."""
    try:
        return int(Path(path).read_text())
    except (OSError, ValueError):
        return None
