"""Looking inside of a search and of its result: Displays, drawings and reports.

The Displays follow scikit-learn's conventions: ``from_estimator`` draws what a fitted
estimator has found, ``from_search`` draws a `SearchRecord` that `read_search` has read
from a `directory`, also while the search runs, and ``plot`` draws again. They need
matplotlib (extra `plot`), which is imported when they draw.
"""

import lazy_loader

# A record imports TensorFlow, and a drawing imports matplotlib.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
