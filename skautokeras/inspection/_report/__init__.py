"""The report of a fitted estimator: one HTML file that needs nothing else."""

from skautokeras.inspection._report.writing import write_report

__all__ = ["write_report"]
