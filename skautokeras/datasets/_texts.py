"""Texts: short messages, of which some are spam."""

from skautokeras._sklearn import validate_params
from skautokeras.datasets._files import bunch_of, read_frame


@validate_params({"return_X_y": ["boolean"]}, prefer_skip_nested_validation=True)
def load_sms(*, return_X_y=False):
    """Load and return text messages (classification).

    =================   ==============
    Classes                          2
    Samples per class       [1100,400]
    Samples total                 1500
    Features            English texts
    =================   ==============

    The messages are a part of the SMS Spam Collection (CC BY 4.0). The attribute
    `DESCR` names its authors.

    Parameters
    ----------
    return_X_y : bool, default=False
        If True, returns ``(data, target)`` instead of a Bunch object.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object, with the following attributes.

        data : list of str of length 1500
            The messages.
        target : ndarray of shape (1500,)
            "ham" or "spam".
        target_names : list of str
            The names of the classes.
        DESCR : str
            The full description of the data set.
        filename : str
            The name of the file the rows are read from.
        data_module : str
            The package that holds the file.

    (data, target) : tuple if ``return_X_y`` is True
        The two objects described above.

    Examples
    --------
    >>> from skautokeras.datasets import load_sms
    >>> X, y = load_sms(return_X_y=True)
    >>> len(X), y[:3].tolist()
    (1500, ['ham', 'ham', 'ham'])
    """
    filename = "sms.csv.gz"
    # Texts such as "null" are texts.
    frame = read_frame(filename, keep_default_na=False)
    data, target = frame["text"].tolist(), frame["kind"].to_numpy(dtype=object)
    if return_X_y:
        return data, target
    return bunch_of(filename, data=data, target=target, target_names=["ham", "spam"])
