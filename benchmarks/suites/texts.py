"""Comparison of skautokeras with other methods on texts."""

from benchmarks.datasets import text_data
from benchmarks.suites.raw_inputs import RawInputs

METHODS = ("skautokeras", "tfidf", "autokeras")
_TEXTS = RawInputs(
    data=text_data,
    function="benchmarks.methods.text_methods:fit_texts",
    methods=METHODS,
)
SUITE = _TEXTS.suite("texts", "Texts", quick={"datasets": ["sms_spam"], "rows": [300]})
