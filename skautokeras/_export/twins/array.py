"""The twin of `ArrayAdapter`."""

from skautokeras._data.array import ArrayAdapter
from skautokeras._export.twins.base import RawTwin


class ArrayTwin(RawTwin, of=ArrayAdapter):
    """What `ArrayAdapter` makes of an array: the array itself."""

    def arrays(self, names, inputs):
        """Return the raw input."""
        shape = self.adapter.schema_.shape
        return {"array": inputs.add(names[None], shape, "float32")}
