"""One module per suite, each with one `SUITE`; nothing heavy is imported at once."""
