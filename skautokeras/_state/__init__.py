"""State: how an object is written down, and read again without running code.

The contract of this room, which tests rely on, is in the stub beside this file. A name
is imported when it is first asked for.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
