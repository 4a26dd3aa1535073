"""Run suites: `python -m benchmarks --suite NAME DATA_FOLDER`."""

import signal
import sys

from benchmarks.command_line import main

if __name__ == "__main__":
    # An exception, other than a signal, ends the process that measures, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    main()
