"""The report about the columns of X: what each was taken for, why, what it becomes."""

import numpy as np
import pandas as pd

from skautokeras._data.codes import WITH_KEYS

# Columns of a report, in their order.
REPORT = ("name", "input", "kind", "reason", "missing", "distinct", "becomes")


def make_report(names, *, kind, reason, becomes, missing=0.0, distinct=None):
    """Return a report about some columns.

    Parameters
    ----------
    names : list of str of length n_columns
        Names of the columns.

    kind, reason, becomes : str or sequence of str of shape (n_columns,)
        Kind of each column, the reason for it, and what the network gets. One string
        is that of all columns.

    missing : float or array-like of shape (n_columns,), default=0.0
        Share of the rows without a value.

    distinct : sequence of (int or None) of shape (n_columns,), default=None
        Number of distinct values. None where it was not counted.

    Returns
    -------
    report : DataFrame with n_columns rows
        Columns of `REPORT`, "input" excepted.

    Examples
    --------
    >>> from skautokeras._data.column_report import make_report
    >>> report = make_report(["photo"], kind="image", reason="", becomes="64 pixels")
    >>> report["missing"].tolist()
    [0.0]
    """
    if distinct is None:
        distinct = [None] * len(names)
    return pd.DataFrame(
        {
            "name": names,
            "kind": kind,
            "reason": reason,
            "missing": np.broadcast_to(np.float64(missing), len(names)),
            "distinct": pd.array(distinct, dtype="Int64"),
            "becomes": becomes,
        }
    )


def report_of(adapter, names):
    """Return the report about the columns that one adapter has taken.

    Parameters
    ----------
    adapter : transformer
        Fitted adapter of an input. If it has no method `describe_columns`, the report
        says which adapter took the columns.

    names : list of str of length n_columns
        Names of the columns in X.

    Returns
    -------
    report : DataFrame with n_columns rows
        Report with the columns that `make_report` returns.

    Examples
    --------
    >>> from skautokeras._data.column_report import report_of
    >>> from skautokeras._data.text import TextAdapter
    >>> report = report_of(TextAdapter().fit(["dry", None, "dry"]), ["taste"])
    >>> report[["name", "kind", "distinct"]].values.tolist()
    [['taste', 'text', 1]]
    """
    if hasattr(adapter, "describe_columns"):
        return adapter.describe_columns(names)
    taken_by = type(adapter).__name__
    return make_report(
        names,
        kind="other",
        reason=f"{taken_by} takes it",
        becomes=f"arrays of {taken_by}",
        missing=np.nan,
    )


def in_order_of(X_names, parts):
    """Put the reports of all inputs together, in the order of the columns of X.

    Parameters
    ----------
    X_names : list of str of length n_features
        Names of all columns of X.

    parts : dict of str to (sequence of int, DataFrame)
        Positions of the columns that each input takes, and the report about them, by
        the names of the inputs.

    Returns
    -------
    report : DataFrame
        Columns of `REPORT`. A column that several inputs take has one row for each of
        them; a column that no input takes has a row that says so.

    Examples
    --------
    >>> from skautokeras._data.column_report import in_order_of, make_report
    >>> part = make_report(["b"], kind="text", reason="declared", becomes="words")
    >>> in_order_of(["a", "b"], {"text": ([1], part)})["kind"].tolist()
    ['unused', 'text']
    """
    taken = [np.asarray(positions, dtype=int) for positions, _ in parts.values()]
    is_unused = np.ones(len(X_names), dtype=bool)
    is_unused[np.concatenate(taken)] = False
    unused = np.flatnonzero(is_unused)
    reports = [report.assign(input=name) for name, (_, report) in parts.items()]
    if len(unused):
        report = make_report(
            [X_names[i] for i in unused],
            kind="unused",
            reason="no input takes it",
            becomes="nothing",
            missing=np.nan,
        )
        reports.append(report.assign(input=None))
        taken.append(unused)
    order = np.argsort(np.concatenate(taken), kind="stable")
    together = pd.concat(reports, ignore_index=True)
    return together.iloc[order].reset_index(drop=True)[list(REPORT)]


def what_becomes_of(column, adapter):
    """Say what a column of a table becomes in the network.

    Parameters
    ----------
    column : Column
        Column of the table.

    adapter : StructuredDataAdapter
        Fitted adapter of its table.

    Returns
    -------
    becomes : str

    Examples
    --------
    >>> import pandas as pd
    >>> from skautokeras._data.column_report import what_becomes_of
    >>> from skautokeras._data.structured_data import StructuredDataAdapter
    >>> adapter = StructuredDataAdapter().fit(pd.DataFrame({"age": [22.0, None, 3.0]}))
    >>> what_becomes_of(adapter.schema_.columns[0], adapter)
    '1 number, standardised, and whether it is missing'
    """
    if column.kind == "constant":
        return "nothing"
    if column.kind in WITH_KEYS:
        return _keys(column, adapter)
    if column.kind == "text":
        return what_becomes_of_texts(adapter.texts_[column.name].schema_)
    becomes = "1 number, standardised"
    if column.kind == "datetime":
        n_parts = len(adapter.datetime_parts_[column.name])
        becomes = f"{n_parts} part{'s'[: n_parts > 1]} of a date"
    is_indicated = column.name in adapter.indicated_
    return f"{becomes}, and whether it is missing" if is_indicated else becomes


def _keys(column, adapter):
    becomes = []
    if column.name in adapter.categories_:
        n = len(adapter.categories_[column.name])
        becomes.append(f"codes of {n} categor{'y' if n == 1 else 'ies'}")
        n_rare = column.n_unique - n
        if n_rare:
            becomes.append(f"one code for {n_rare} rare value{'s'[: n_rare > 1]}")
    if column.name in adapter.vocabularies_:
        n = len(adapter.vocabularies_[column.name])
        becomes.append(f"which of {n} word{'s'[: n > 1]} it has")
    return ", ".join(becomes) or "nothing, because no value and no word is repeated"


def what_becomes_of_texts(schema):
    """Say what a column of texts becomes in the network.

    Parameters
    ----------
    schema : TextSchema
        Schema of the texts.

    Returns
    -------
    becomes : str

    Examples
    --------
    >>> from skautokeras._data.column_report import what_becomes_of_texts
    >>> from skautokeras._data.schema import TextSchema
    >>> what_becomes_of_texts(TextSchema(100, 7.0, 12, 500, 30, 900))
    'the first 12 words as codes, weights of 899 n-grams of words'
    """
    becomes = [
        f"the first {schema.n_tokens} words as codes",
        f"weights of {schema.n_word_ngrams - 1} n-grams of words",
    ]
    if schema.n_character_ngrams:
        becomes.append(f"weights of {schema.n_character_ngrams - 1} of characters")
    presets = [part.preset for part in schema.subwords if part.width]
    becomes.extend(f"tokens of {preset}" for preset in presets)
    return ", ".join([*becomes, *what_models_make(schema.encodings)])


_OF_VECTORS = {
    "encoder": "by {preset}",
    "static": "by fixed vectors of its tokens",
    "mirrored": "by it and the mirror image",
}


def what_models_make(encodings):
    """Say what pretrained models make of texts or images.

    Parameters
    ----------
    encodings : list of Encoding
        Encodings of a schema.

    Returns
    -------
    parts : list of str

    Examples
    --------
    >>> from skautokeras._data.column_report import what_models_make
    >>> from skautokeras._data.schema import Encoding, Views
    >>> views = Views("efficientnet_b0", 0.0, 255.0, encoder=1280)
    >>> what_models_make([Encoding("pixels", views, 1)])
    ['1280 numbers by efficientnet_b0']
    """
    return [
        f"{getattr(encoding.facts, kind)} numbers "
        + _OF_VECTORS[kind].format(preset=encoding.facts.preset)
        for encoding in encodings
        for kind in encoding.facts.kinds
        if getattr(encoding.facts, kind)
    ]


def what_becomes_of_array(shape, values, n_columns):
    """Say what columns become that are one array for each row.

    Parameters
    ----------
    shape : tuple of int
        Shape of the array of one row.

    values : str
        Plural of what the array holds, such as "pixels".

    n_columns : int
        Number of the columns that hold it.

    Returns
    -------
    becomes : str

    Examples
    --------
    >>> from skautokeras._data.column_report import what_becomes_of_array
    >>> what_becomes_of_array((8, 8, 1), "pixels", n_columns=64)
    '1 of 8 x 8 x 1 pixels'
    """
    array = f"{' x '.join(map(str, shape))} {values}"
    return array if n_columns == 1 else f"1 of {array}"
