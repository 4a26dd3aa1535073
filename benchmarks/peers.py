"""The virtual environments of other libraries, created when they are first needed."""

import importlib.util
import json
import subprocess
import sys
from importlib.metadata import version

from benchmarks.process import environment, last_line, patience, run_once

# AutoKeras 3.0.0 needs older versions of Keras and pandas.
AUTOKERAS = (
    "autokeras==3.0.0",
    "keras==3.10.*",
    "tensorflow==2.20.*",
    "pandas<3",
    "scikit-learn",
)
# RealMLP and TabM in PyTorch. The CPU is enough: where a CPU build of PyTorch can be
# had, pip should be told so, for the other one has two gigabytes of CUDA with it.
PYTABKIT = ("pytabkit==1.7.3", "torch==2.13.0", "pandas<3", "scikit-learn")
# What skautokeras runs on; its networks are built in the environment of KerasTuner.
SHARED = ("keras", "keras-tuner", "numpy", "pandas", "scikit-learn", "tensorflow")
UNPINNED = ("joblib", "scikeras", "tensorboard")
_INSTALLED = "installed.txt"  # in an environment: what was asked for, once it is there


class PeerMissingError(Exception):
    """A peer cannot be measured; the message says why."""


class Peers:
    """Finds or creates the interpreters of peers.

    Parameters
    ----------
    folder : Path or None, default=None
        With one environment per peer; missing ones are created. None: nothing is
        created.
    autokeras_python : str or None, default=None
        Interpreter that has AutoKeras; wins over ``folder``.

    Attributes
    ----------
    versions : dict
        Peer that was used -> versions of what its interpreter has.
    """

    def __init__(self, folder=None, autokeras_python=None):
        self._folder = folder
        self._autokeras_python = autokeras_python
        self._found = {}  # peer -> its interpreter, or why there is none
        self.versions = {}

    def autokeras(self):
        """Return an interpreter that has AutoKeras.

        Raises
        ------
        PeerMissingError
            If there is none.
        """
        return self._interpreter("autokeras", AUTOKERAS, self._autokeras_python)

    def pytabkit(self):
        """Return an interpreter that has pytabkit and PyTorch.

        Raises
        ------
        PeerMissingError
            If there is none.
        """
        return self._interpreter("pytabkit", PYTABKIT)

    def keras_tuner(self):
        """Return an interpreter that has KerasTuner and the TensorBoard it wants.

        Raises
        ------
        PeerMissingError
            If there is none.
        """
        if importlib.util.find_spec("tensorboard") is not None:
            return sys.executable
        pins = [f"{name}=={version(name)}" for name in SHARED]
        return self._interpreter("keras_tuner", [*pins, *UNPINNED])

    def _interpreter(self, name, pins, given=None):
        """Return the interpreter of a peer; it is looked for once only."""
        if name not in self._found:
            try:
                python = given or self._environment(name, pins)
                self.versions[name] = _versions(python)
                self._found[name] = python
            except PeerMissingError as error:
                self._found[name] = PeerMissingError(f"{name} is left out: {error}")
        found = self._found[name]
        if isinstance(found, PeerMissingError):
            raise found
        return found

    def _environment(self, name, pins):
        """Return the interpreter of an environment, which is created if need be."""
        if self._folder is None:
            raise PeerMissingError(
                "it needs an environment of its own; name a folder with --peers, and "
                "it is created there."
            )
        folder = self._folder / name
        python = folder / "bin" / "python"
        wanted, installed = "\n".join(pins), folder / _INSTALLED
        if installed.exists() and installed.read_text(encoding="utf-8") == wanted:
            return str(python)
        if folder.exists() and not (folder / "pyvenv.cfg").exists():
            raise PeerMissingError(
                f"{folder} is there, but is no virtual environment, and is left alone; "
                "name another folder with --peers."
            )
        sys.stderr.write(f"creating the environment of {name} in {folder}\n")
        # -I: what PYTHONPATH leads to is not part of the environment.
        _do([sys.executable, "-I", "-m", "venv", "--clear", str(folder)])
        _do([str(python), "-I", "-m", "pip", "install", "--quiet", *pins])
        installed.write_text(wanted, encoding="utf-8")
        return str(python)


def _versions(python):
    """Return the versions of everything that an interpreter has."""
    command = [python, "-m", "benchmarks.machine"]
    return json.loads(_do(command, env=environment(python)))


def _do(command, env=None):
    """Run a command and return its output; if it fails, say why."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=env)
    except OSError as error:
        raise PeerMissingError(str(error)) from error
    if done.returncode != 0:
        # pip may have warnings and notices behind its errors.
        lines = done.stderr.splitlines()
        errors = [line for line in lines if line.startswith("ERROR")]
        reason = last_line("\n".join(errors or lines), "it said nothing")
        raise PeerMissingError(
            f"`{' '.join(command[2:5])} ...` ended with exit status "
            f"{done.returncode}: {reason}"
        )
    return done.stdout


def run_peer(function, spec, interpreter, **settings):
    """Return what a function reports in the environment of a peer, or why it cannot.

    Parameters
    ----------
    function, spec, **settings
        As in `run_once`.
    interpreter : callable
        Returns the interpreter, such as `Peers.autokeras`.

    Returns
    -------
    dict
        The measurement, or an "error".
    """
    try:
        python = interpreter()
    except PeerMissingError as error:
        return {"error": str(error)}
    return run_once(function, spec, python=python, **settings)


def run_in_time(function, case, options):
    """Return what a method reports that searches for ``max_time`` seconds.

    Parameters
    ----------
    function : str
        As in `run_once`.
    case : dict
        What is measured; its "method" runs here, "autokeras" in its environment.
    options : argparse.Namespace
        Of the suite.
    """
    spec = {**case, "folder": options.folder, "max_trials": options.trials[0]}
    timeout = patience(case["max_time"])
    if case["method"] != "autokeras":
        return run_once(function, spec, timeout=timeout)
    spec["max_trials"] = options.autokeras_trials
    return run_peer(function, spec, options.peers.autokeras, timeout=timeout)
