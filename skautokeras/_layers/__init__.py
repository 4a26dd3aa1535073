"""Keras layers of our own: registered by name, serialisable, exportable."""
