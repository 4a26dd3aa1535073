"""Records of searches under their public names."""

from skautokeras._search.journal_folder import read_search
from skautokeras._search.record import SearchRecord

__all__ = ["SearchRecord", "read_search"]
