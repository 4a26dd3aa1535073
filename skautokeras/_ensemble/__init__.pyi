# The contract of this room.
from .calibration import calibrate as calibrate
from .calibration import fit_temperature as fit_temperature
from .calibration import fit_temperatures as fit_temperatures
from .ensemble import PREDICT_ROWS as PREDICT_ROWS
from .ensemble import Ensemble as Ensemble
from .refit import Refit as Refit
from .refit import make_ensemble as make_ensemble
