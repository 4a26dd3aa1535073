"""Comparison of skautokeras with other methods on images."""

from benchmarks.datasets import image_data
from benchmarks.suites.raw_inputs import RawInputs

METHODS = ("skautokeras", "keras_cnn", "pca_svm", "mean", "autokeras")
_IMAGES = RawInputs(
    data=image_data,
    function="benchmarks.methods.image_methods:fit_images",
    methods=METHODS,
    regression_metric="R2 of the logarithm",
    # Support vector machines take too long on the larger data sets.
    datasets_of={"pca_svm": ("digits", "cifar10", "houses"), "mean": ("houses",)},
)
SUITE = _IMAGES.suite("images", "Images", quick={"datasets": ["digits"]})
