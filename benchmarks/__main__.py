"""Run suites: `python -m benchmarks --suite NAME DATA_FOLDER`."""

from benchmarks.command_line import main

if __name__ == "__main__":
    main()
