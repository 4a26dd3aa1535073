"""Facts about the machine and the software that a measurement ran on."""

import json
import os
import platform
import shutil
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Environment variables that change how TensorFlow and NumPy compute.
ENVIRONMENT = (
    "CUDA_VISIBLE_DEVICES",
    "KERAS_BACKEND",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "TF_ENABLE_ONEDNN_OPTS",
    "TF_NUM_INTEROP_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "XLA_FLAGS",
)


def machine_facts():
    """Return facts about the machine as JSON values; None for what is not known.

    Returns
    -------
    dict
        "cpu", "cores" of the machine and "usable_cores" of this process,
        "memory_gb" (10**9 bytes), "gpus" (names), "system", "load_average" over the
        last minute, and "environment".
    """
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "usable_cores": _usable_cores(),
        "memory_gb": _memory_gb(),
        "gpus": _gpus(),
        "system": platform.platform(),
        "load_average": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "environment": {k: os.environ[k] for k in ENVIRONMENT if k in os.environ},
    }


def hardware(facts):
    """Return the facts in which runs must agree to be compared."""
    return {name: facts[name] for name in ("cpu", "usable_cores", "gpus")}


def software_versions():
    """Return the versions of Python and of all installed packages, by name."""
    versions = {d.metadata["Name"].lower(): d.version for d in distributions()}
    return {"python": platform.python_version(), **dict(sorted(versions.items()))}


def source_version():
    """Return the commit of the sources, or None without git.

    The name of the commit ends with "-dirty" if files differ from it.
    """
    return _output("git", "-C", str(ROOT), "describe", "--always", "--dirty")


def _cpu_model():
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _usable_cores():
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def _memory_gb():
    try:
        n_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
    return round(n_bytes / 1e9, 1)


def _gpus():
    names = _output("nvidia-smi", "--query-gpu=name", "--format=csv,noheader")
    return names.splitlines() if names else []


def _output(program, *arguments):
    """Return the output of a program, or None if it is not installed or fails."""
    if shutil.which(program) is None:
        return None
    done = subprocess.run([program, *arguments], capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else None


if __name__ == "__main__":
    # `Peers` asks another interpreter for its versions this way.
    sys.stdout.write(json.dumps(software_versions()) + "\n")
