"""Speed of reading image files, and of training on the decoded images.

The images are made: smooth spots of colour with some noise, in two classes that differ
in brightness. They have just been written, so that the system reads the files from its
memory, not from a disk. Each format is measured in a fresh process. The package reads
all files once, to the size that it would learn from, with one thread per processor.
Then one network is trained on the decoded array. The first epoch is left out, because
it includes the compilation, and so are validations.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.harness.machine import machine_facts
from benchmarks.harness.markdown import markdown_table
from benchmarks.harness.process import run_once
from benchmarks.harness.resident_memory import peak_memory_mb

MB = 1e6
ENDINGS = {"JPEG": "jpg", "PNG": "png"}
# Spots of colour on each side of an image, and the range of the noise.
SPOTS, NOISE = 16, 16
# Seconds after which the measurement of a format is stopped.
PATIENCE = 6 * 3600
# Headings of the table, and where their values are in a result.
COLUMNS = {
    "files, MB": "files_mb",
    "read, images/s": "read_per_second",
    "pixels, MB": "pixels_mb",
    "trained, images/s": "trained_per_second",
    "parameters": "n_parameters",
    "memory before, MB": "memory_before_mb",
    "peak of reading, MB": "memory_after_reading_mb",
    "peak, MB": "memory_mb",
}


def parse_arguments(arguments=None):
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--side", type=int, default=256, help="pixels")
    parser.add_argument(
        "--formats", nargs="+", choices=list(ENDINGS), default=list(ENDINGS)
    )
    parser.add_argument(
        "--image-size",
        type=int,
        help="side to which images are reduced; by default the package decides",
    )
    parser.add_argument(
        "--network", default="res_net", help="block_type of `ImageBlock`"
    )
    parser.add_argument("--epochs", type=int, default=3)
    return parser.parse_args(arguments)


def write_files(folder, n_files, side, format):
    """Write images to files; those with odd numbers are brighter."""
    from PIL import Image

    rng = np.random.default_rng(0)
    for i in range(n_files):
        spots = rng.integers(0, 180, (SPOTS, SPOTS, 3)) + 60 * (i % 2)
        smooth = Image.fromarray(spots.astype("uint8")).resize((side, side))
        values = 0.9 * np.asarray(smooth) + rng.integers(0, NOISE, (side, side, 3))
        image = Image.fromarray(values.astype("uint8"))
        image.save(folder / f"{i:06d}.{ENDINGS[format]}", format)


def make_epoch_times():
    """Return a Keras callback that notes the seconds of epochs without validation."""
    import keras

    class EpochTimes(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.seconds = []

        def on_epoch_begin(self, epoch, logs=None):
            self._start = time.perf_counter()

        def on_test_begin(self, logs=None):
            self.seconds.append(time.perf_counter() - self._start)

    return EpochTimes()


def read(paths, image_size=None):
    """Return the pixels of image files, and the seconds that reading them has taken."""
    from skautokeras import ImageInput

    size = None if image_size is None else (image_size, image_size)
    adapter = ImageInput(image_size=size).make_adapter()
    start = time.perf_counter()
    pixels = adapter.fit_transform(paths)["pixels"]
    return pixels, time.perf_counter() - start


def train(pixels, network, epochs):
    """Train one network; return training images per second and its parameters."""
    from skautokeras import AutoModel, ClassificationHead, ImageBlock, ImageInput

    times = make_epoch_times()
    node = ImageInput(image_size=pixels.shape[1:3])
    model = AutoModel(
        node,
        ClassificationHead()(ImageBlock(block_type=network)(node)),
        max_trials=1,
        epochs=epochs,
        callbacks=[times],
        cv=None,
        refit=False,
        ensemble_size=1,
        random_state=0,
    ).fit(pixels, np.arange(len(pixels)) % 2)
    trial = model.leaderboard_.iloc[0]
    later = times.seconds[1:]
    return trial["n_rows"] * len(later) / sum(later), int(trial["n_parameters"])


def measure(case, report):
    """Read the files of a folder, and train on what they hold.

    Parameters
    ----------
    case : dict
        Values of the command line: "folder", "image_size", "network" and "epochs".
    report : callable
        Function that takes the dict of results.
    """
    import tensorflow  # noqa: F401 - loading it is not part of the measurement

    paths = sorted(map(str, Path(case["folder"]).iterdir()))
    before = peak_memory_mb()
    pixels, seconds = read(paths, case["image_size"])
    after_reading = peak_memory_mb()
    images_per_second, n_parameters = train(pixels, case["network"], case["epochs"])
    report(
        {
            "files_mb": sum(Path(path).stat().st_size for path in paths) / MB,
            "read_per_second": len(paths) / seconds,
            "shape": list(pixels.shape[1:]),
            "pixels_mb": pixels.nbytes / MB,
            "trained_per_second": images_per_second,
            "n_parameters": n_parameters,
            "memory_before_mb": before,
            "memory_after_reading_mb": after_reading,
            "memory_mb": peak_memory_mb(),
        }
    )


def run(arguments):
    """Return the results by format, as `measure` reports them."""
    results = {}
    for format in arguments.formats:
        with tempfile.TemporaryDirectory() as folder:
            write_files(Path(folder), arguments.files, arguments.side, format)
            case = {"folder": folder, **vars(arguments)}
            results[format] = run_once(
                "benchmarks.studies.image_files:measure", case, timeout=PATIENCE
            )
    return results


def make_table(results):
    """Make a Markdown table with one row per format."""
    rows = []
    for format, result in results.items():
        if "error" in result:
            rows.append([format, result["error"], *[""] * len(COLUMNS)])
            continue
        height, width, _ = result["shape"]
        figures = [f"{result[name]:.0f}" for name in COLUMNS.values()]
        rows.append([format, f"{height} x {width}", *figures])
    return markdown_table(["format", "read as", *COLUMNS], rows, n_labels=2)


def main():
    """Measure all formats and print a Markdown table."""
    arguments = parse_arguments()
    results = run(arguments)
    cores = machine_facts()["usable_cores"]
    sys.stdout.write(
        f"{arguments.files} files of {arguments.side} x {arguments.side} pixels, "
        f"{cores} processors\n\n{make_table(results)}\n"
    )


if __name__ == "__main__":
    main()
