"""Methods that are measured, and the measurement of one fit."""
