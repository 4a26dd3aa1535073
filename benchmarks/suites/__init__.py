"""One module per suite, each with one `SUITE`; imports of TensorFlow are deferred."""
