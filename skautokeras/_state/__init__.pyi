# The contract of this room.
from .archive import check_members as check_members
from .archive import pack as pack
from .archive import unpack as unpack
from .configuration import deserialize as deserialize
from .configuration import serialize as serialize
from .fingerprint import fingerprint as fingerprint
from .randomness import seeded as seeded
