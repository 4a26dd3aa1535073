"""Virtual environments of other libraries, created when they are first needed."""

import importlib.util
import json
import subprocess
import sys
from importlib.metadata import version

from benchmarks.harness.process import environment, last_line, patience, run_once

# AutoKeras 3.0.0 needs older versions of Keras and pandas.
AUTOKERAS = (
    "autokeras==3.0.0",
    "keras==3.10.*",
    "tensorflow==2.20.*",
    "pandas<3",
    "scikit-learn",
)
# RealMLP and TabM need PyTorch. A CPU build is enough, and pip should be configured to
# find one: the default build brings two gigabytes of CUDA libraries.
PYTABKIT = ("pytabkit==1.7.3", "torch==2.13.0", "pandas<3", "scikit-learn")
# Dependencies of skautokeras, which builds its networks in KerasTuner's environment.
SHARED = ("keras", "keras-tuner", "numpy", "pandas", "scikit-learn", "tensorflow")
UNPINNED = ("joblib", "scikeras", "tensorboard")
# File in an environment that lists its requirements once they are installed.
# More trials than AutoKeras can make in its time, so that only the time ends it.
AUTOKERAS_TRIALS = 100

_INSTALLED = "installed.txt"


class PeerMissingError(Exception):
    """Raised if a peer cannot be measured; the message says why."""


class Peers:
    """Finds or creates the interpreters of peers.

    Parameters
    ----------
    folder : Path or None, default=None
        Folder with one environment per peer; missing environments are created there.
        None creates no environment.
    autokeras_python : str or None, default=None
        Interpreter that has AutoKeras; takes precedence over ``folder``.

    Attributes
    ----------
    versions : dict
        Versions of the installed packages for each peer that was used.
    """

    def __init__(self, folder=None, autokeras_python=None):
        self._folder = folder
        self._autokeras_python = autokeras_python
        self._results = {}  # interpreter or error, by the name of the peer
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
        """Return the interpreter of a peer; the search for it is made only once."""
        if name not in self._results:
            try:
                python = given or self._environment(name, pins)
                self.versions[name] = _versions(python)
                self._results[name] = python
            except PeerMissingError as error:
                self._results[name] = PeerMissingError(f"{name} is left out: {error}")
        result = self._results[name]
        if isinstance(result, PeerMissingError):
            raise result
        return result

    def _environment(self, name, pins):
        """Return the interpreter of an environment, which is created if necessary."""
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
        # -I ignores PYTHONPATH, whose packages are not part of the environment.
        _do([sys.executable, "-I", "-m", "venv", "--clear", str(folder)])
        _do([str(python), "-I", "-m", "pip", "install", "--quiet", *pins])
        installed.write_text(wanted, encoding="utf-8")
        return str(python)


def _versions(python):
    """Return the versions of all packages of an interpreter."""
    command = [python, "-m", "benchmarks.harness.machine"]
    return json.loads(_do(command, env=environment(python)))


def _do(command, env=None):
    """Return the output of a command; raise `PeerMissingError` if it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=env)
    except OSError as error:
        raise PeerMissingError(str(error)) from error
    if done.returncode != 0:
        # pip may print warnings and notices after its errors.
        lines = done.stderr.splitlines()
        errors = [line for line in lines if line.startswith("ERROR")]
        reason = last_line("\n".join(errors or lines), "it said nothing")
        raise PeerMissingError(
            f"`{' '.join(command[2:5])} ...` ended with exit status "
            f"{done.returncode}: {reason}"
        )
    return done.stdout


def run_peer(function, spec, interpreter, **settings):
    """Return the measurement of a function that runs in the environment of a peer.

    Parameters
    ----------
    function, spec, **settings
        Passed on to `run_once`.
    interpreter : callable
        Function that returns the interpreter, such as `Peers.autokeras`.

    Returns
    -------
    measurement : dict
        The measurement, or the reason as "error" if there is none.
    """
    try:
        python = interpreter()
    except PeerMissingError as error:
        return {"error": str(error)}
    return run_once(function, spec, python=python, **settings)


def run_in_time(function, case, options):
    """Return the measurement of a method that searches for ``max_time`` seconds.

    Parameters
    ----------
    function : str
        Function to run, as in `run_once`.
    case : dict
        Description of the measurement. The method "autokeras" runs in its own
        environment, all other methods in this one.
    options : Options
        Options of the suite.

    Returns
    -------
    measurement : dict
        The measurement, or the reason as "error" if there is none.
    """
    spec = {**case, "folder": options.folder, "max_trials": options.trials[0]}
    timeout = patience(case["max_time"])
    if case["method"] != "autokeras":
        return run_once(function, spec, timeout=timeout)
    spec["max_trials"] = options.autokeras_trials
    return run_peer(function, spec, options.peers.autokeras, timeout=timeout)
