"""Search space whose networks are built where pretrained models may be out of sight."""

from skautokeras._space.pretrained import all_presets
from skautokeras._space.pretrained_files import places_of, read_from
from skautokeras._space.search_space import SearchSpace


class LocatedSearchSpace(SearchSpace):
    """A search space that knows where its pretrained models are.

    Workers have other working folders than the process that has called `fit`, so that
    they could not read the relative path of a model. The names of models, by which
    configurations and results speak of them, stay as the user has written them.

    Parameters
    ----------
    graph : Graph
        Graph whose blocks name the models.
    **facts : object
        Further arguments of `SearchSpace`.
    """

    def __init__(self, graph, **facts):
        super().__init__(graph, **facts)
        self._places = places_of(all_presets(graph))

    def _run(self, hp):
        with read_from(self._places):
            return super()._run(hp)
