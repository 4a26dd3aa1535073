"""The portfolio: the configurations that a search for tables begins with, in order.

``python -m benchmarks.portfolio`` has two commands. ``train`` trains candidates on
development tables and stores their predictions. ``pick`` chooses the order of the
candidates from these predictions, without further training.
"""
