from ._drawings import Drawing as Drawing
from ._drawings import draw_network as draw_network
from ._drawings import draw_search_space as draw_search_space
from ._ensemble import EnsembleDisplay as EnsembleDisplay
from ._hyperparameters import (
    HyperparameterImportanceDisplay as HyperparameterImportanceDisplay,
)
from ._hyperparameters import ParallelCoordinatesDisplay as ParallelCoordinatesDisplay
from ._records import SearchRecord as SearchRecord
from ._records import read_search as read_search
from ._trials import SearchDisplay as SearchDisplay
from ._trials import TrainingDisplay as TrainingDisplay
