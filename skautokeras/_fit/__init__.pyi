# The contract of this room.
from .options import fit_settings as fit_settings
