"""A fresh process for every measurement: the side that starts it, and the other.

`run` names a function; `python -m benchmarks.process` in the fresh process calls it
with a dict and with `report`, and what it reports comes back line by line, so that
nothing is lost if the process dies. Another interpreter runs this module, too, so it
imports the standard library only.
"""

import importlib
import json
import os
import subprocess
import sys
import tempfile
import threading

from benchmarks.machine import ROOT

# Begins a line with a result; libraries may print others.
MARK = "@benchmark "
# A method that ignores its budget is stopped after so many times the budget (AutoKeras
# trains once more after its search), and never before an hour.
_TIMES_THE_BUDGET = 10
_LEAST_TIMEOUT = 3600


def patience(budget):
    """Return the seconds after which a method with a budget of seconds is stopped."""
    return max(_TIMES_THE_BUDGET * budget, _LEAST_TIMEOUT)


def run(function, spec, *, python=sys.executable, timeout=3600):
    """Call a function in a fresh process.

    Parameters
    ----------
    function : str
        ``"module:name"`` of a function that takes a dict of JSON values and `report`,
        which it calls with such dicts.
    spec : dict
        Its first argument.
    python : str
        Interpreter to run.
    timeout : float
        Seconds after which the process is stopped.

    Yields
    ------
    result : dict
        As the function reports them. If it fails, the last one is
        ``{"error": reason}``.
    """
    command = [python, "-m", "benchmarks.process", function, json.dumps(spec)]
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
            # Nothing that runs on after Ctrl+C disturbs the next run.
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
        As for `run`.

    Returns
    -------
    dict
        What it reported, or ``{"error": reason}``.
    """
    *_, last = [{"error": "no result"}, *run(function, spec, **options)]
    return last


def last_line(text, default):
    """Return the last line that is not empty."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else default


def environment(python):
    """Return the environment variables for a measurement by an interpreter."""
    variables = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    variables.setdefault("KERAS_BACKEND", "tensorflow")
    path = [str(ROOT)]
    if python == sys.executable and "PYTHONPATH" in variables:
        # The packages of this environment are not those of another one.
        path.append(variables["PYTHONPATH"])
    if python != sys.executable:
        variables.pop("PYTHONHOME", None)
    variables["PYTHONPATH"] = os.pathsep.join(path)
    return variables


def report(result):
    """Send a dict of JSON values to the process that started this one."""
    # A library may have left half a line behind: ours starts on a fresh one.
    print("\n" + MARK + json.dumps(result), flush=True)


if __name__ == "__main__":
    module, _, name = sys.argv[1].partition(":")
    getattr(importlib.import_module(module), name)(json.loads(sys.argv[2]), report)
