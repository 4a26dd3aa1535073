"""A fresh process for every measurement.

`run` starts `python -m benchmarks.harness.process`, which calls a function with a dict
and with `report`. Every reported result comes back on a line of its own, so the results
so far are kept if the process dies. The interpreters of peers run this module as well,
so it imports the standard library only.
"""

import importlib
import json
import os
import subprocess
import sys
import tempfile
import threading

from benchmarks.harness.machine import ROOT

# Lines with results begin with this, because libraries may print other lines.
MARK = "@benchmark "
# A method that ignores its budget is stopped after this multiple of the budget, but not
# before an hour: AutoKeras, for example, trains once more after its search.
_TIMES_THE_BUDGET = 10
_LEAST_TIMEOUT = 3600


def patience(budget):
    """Return the seconds after which a method with a budget is stopped."""
    return max(_TIMES_THE_BUDGET * budget, _LEAST_TIMEOUT)


def run(function, spec, *, python=sys.executable, timeout=3600):
    """Call a function in a fresh process.

    Parameters
    ----------
    function : str
        ``"module:name"`` of a function of two arguments: a dict of JSON values, and
        `report`, a callable that takes a dict of JSON values.
    spec : dict
        First argument of the function.
    python : str
        Path of the interpreter to run.
    timeout : float
        Seconds after which the process is stopped.

    Yields
    ------
    result : dict
        The results that the function reports. If it fails, the last result is
        ``{"error": reason}``.
    """
    command = [python, "-m", "benchmarks.harness.process", function, json.dumps(spec)]
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as messages:
        try:
            process = subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=messages,
                text=True,
                env=environment(python),
            )
        except OSError as error:
            yield {"error": str(error)}
            return
        timer = threading.Timer(timeout, process.kill)
        timer.start()
        try:
            for line in process.stdout:
                if line.startswith(MARK):
                    text = line.removeprefix(MARK)
                    # JSON has no word for "not a number".
                    yield json.loads(text, parse_constant=lambda _: None)
            status = process.wait()
        finally:
            in_time = timer.is_alive()
            timer.cancel()
            # After Ctrl+C, the process must not go on and disturb the next run.
            process.kill()
            process.stdout.close()
            process.wait()
        if not in_time:
            yield {"error": f"no end after {timeout:.0f} s"}
        elif status != 0:
            messages.seek(0)
            yield {"error": last_line(messages.read(), f"exit status {status}")}


def run_once(function, spec, **options):
    """Return the only result of a function that is called in a fresh process.

    Parameters
    ----------
    function, spec, options
        Passed on to `run`.

    Returns
    -------
    result : dict
        The reported result, or ``{"error": reason}``.
    """
    *_, last = [{"error": "no result"}, *run(function, spec, **options)]
    return last


def last_line(text, default):
    """Return the last line that is not empty."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else default


def environment(python):
    """Return the environment variables for a measurement with an interpreter."""
    variables = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    variables.setdefault("KERAS_BACKEND", "tensorflow")
    path = [str(ROOT)]
    if python == sys.executable and "PYTHONPATH" in variables:
        # Another interpreter must not import packages of this environment.
        path.append(variables["PYTHONPATH"])
    if python != sys.executable:
        variables.pop("PYTHONHOME", None)
    variables["PYTHONPATH"] = os.pathsep.join(path)
    return variables


def report(result):
    """Send a dict of JSON values to the process that started this one."""
    # A library may have printed half a line, so the result starts on a new one.
    print("\n" + MARK + json.dumps(result), flush=True)


if __name__ == "__main__":
    module, _, name = sys.argv[1].partition(":")
    getattr(importlib.import_module(module), name)(json.loads(sys.argv[2]), report)
