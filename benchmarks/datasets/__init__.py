"""Data sets: functions that read or generate training rows and test rows."""
