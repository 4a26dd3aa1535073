"""How the checks of a contract are run, and which of them may fail."""


def require(condition, message):
    """Let a check fail, also where Python leaves out statements with `assert`.

    Parameters
    ----------
    condition : bool
        Whether the contract is kept.
    message : str
        Sentence about what the contract asks for.

    Raises
    ------
    AssertionError
        If the condition does not hold.
    """
    if not condition:
        raise AssertionError(message)


def run_checks(checks, subject, expected_failed_checks=None):
    """Run checks one after another, and compare with those that are expected to fail.

    Parameters
    ----------
    checks : sequence of callable
        Functions that take the subject and raise an AssertionError.
    subject : object
        Argument of the checks.
    expected_failed_checks : dict of str to str or None, default=None
        Names of checks that are expected to fail, each with the reason.

    Raises
    ------
    AssertionError
        If a check fails, or if one passes that is expected to fail. The message starts
        with the name of the check.
    ValueError
        If there is no check of an expected name.
    """
    expected = expected_failed_checks or {}
    unknown = expected.keys() - {check.__name__ for check in checks}
    if unknown:
        raise ValueError(f"There are no such checks: {sorted(unknown)}.")
    for check in checks:
        name = check.__name__
        try:
            check(subject)
        except Exception as error:  # the contract is broken in whatever way
            if name not in expected:
                kind = type(error).__name__
                what = error if kind == "AssertionError" else f"{kind}: {error}"
                raise AssertionError(f"{name}: {what}") from error
        else:
            if name in expected:
                raise AssertionError(
                    f"{name} passes, although it is expected to fail: {expected[name]}"
                )
