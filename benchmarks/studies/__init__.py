"""Studies: programs that answer one question each and print a table."""
