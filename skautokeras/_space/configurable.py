"""Objects whose parameters can be written down in plain values."""

from skautokeras._space.node import parameters_config
from skautokeras._state.codec import decode


class Configurable:
    """Base class of what is made again from the parameters of its constructor."""

    def get_config(self):
        """Return the parameters of the constructor, ready for JSON.

        Blocks and ranges among them become configurations by their names in Keras's
        registry, so that reading them back runs nothing but what is registered.

        Returns
        -------
        config : dict
            Parameters by name, for `from_config`.

        Raises
        ------
        TypeError
            If a parameter is nothing that a configuration can hold, a block of a class
            that is not registered with Keras for instance.
        """
        return parameters_config(self)

    @classmethod
    def from_config(cls, config):
        """Return the object that a configuration describes.

        Parameters
        ----------
        config : dict
            Parameters by name, from `get_config`.

        Returns
        -------
        described : object
            Instance of the class, equal to the one that was asked for its
            configuration.

        Raises
        ------
        ValueError
            If the configuration names a class that is not registered with Keras.
        """
        return cls(**{name: decode(value) for name, value in config.items()})
