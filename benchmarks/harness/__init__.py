"""Parts that all suites share: command line, processes, results, tables, figures."""
