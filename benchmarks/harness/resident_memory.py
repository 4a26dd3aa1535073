"""Resident memory of this process."""

import os
import resource
import subprocess
import sys
from pathlib import Path


def peak_memory_mb():
    """Return the peak resident memory of this process in MB (10**6 bytes).

    Processes that it started are not included.
    """
    # On Linux, `ru_maxrss` can include the peak of the parent before fork and exec.
    # `VmHWM` belongs to the address space of this process alone.
    kilobytes = _status("VmHWM:")
    if kilobytes is not None:
        return kilobytes * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def resident_memory_mb():
    """Return the resident memory of this process now, in MB (10**6 bytes)."""
    kilobytes = _status("VmRSS:")
    if kilobytes is None:
        command = ["ps", "-o", "rss=", "-p", str(os.getpid())]
        kilobytes = int(subprocess.check_output(command, text=True))
    return kilobytes * 1024 / 1e6


def _status(name):
    """Return an entry of `/proc/self/status`; None if the system has no such file."""
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    for line in status.read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    return None
