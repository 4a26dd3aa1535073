"""The private names of scikit-learn, which no other module imports.

scikit-learn checks the parameters of its estimators by constraints that it does not
publish. The estimators and blocks here declare the same constraints, so that their
errors read like those of scikit-learn; `docs/decisions/0001` has the reasons. If
scikit-learn moves a name, this is the place to follow it.
"""

from sklearn.utils._param_validation import (
    # Objects with a method; the public `check_scalar` checks only types and bounds.
    HasMethods,
    # Numbers within bounds; `check_scalar` checks them, but cannot be declared.
    Interval,
    # A list of values that are not strings; nothing public checks for such a list.
    Options,
    # A list of strings; nothing public checks for such a list.
    StrOptions,
    # The check itself, for blocks: only a `BaseEstimator` has it as a method.
    validate_parameter_constraints,
    # The check as a decorator of functions; there is no public one.
    validate_params,
)

__all__ = [
    "HasMethods",
    "Interval",
    "Options",
    "StrOptions",
    "validate_parameter_constraints",
    "validate_params",
]
