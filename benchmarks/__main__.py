"""Run suites: `python -m benchmarks --suite NAME DATA_FOLDER`."""

import signal
import sys

from benchmarks.harness.command_line import main

if __name__ == "__main__":
    # Unlike a signal, an exception also ends the process that measures.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    main()
