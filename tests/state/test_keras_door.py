"""The process that a fit runs in: its forks, its settings, its backend, its folders."""

import os
import subprocess
import sys
import textwrap

import pytest

FIT = """
import numpy as np
from skautokeras import StructuredDataClassifier
X = np.random.default_rng(0).normal(size=(40, 2))
y = (X[:, 0] > 0).astype(int)
clf = StructuredDataClassifier(max_trials=1, epochs=1, random_state=0)
"""


def run(code, **environment):
    """Run a script in a process of its own; return it."""
    script = FIT + textwrap.dedent(code)
    return subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "use",
    [
        "clf.predict(X)",
        "pickle.loads(saved)",
        "skautokeras.load(path)",
        "clf.fit(X, y)",
    ],
)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_fork_says_what_to_do(use, tmp_path):
    done = run(f"""
        import os, pickle, signal, skautokeras
        path = {str(tmp_path / "clf")!r}
        clf.fit(X, y).save(path)
        saved = pickle.dumps(clf)
        if os.fork() == 0:
            signal.alarm(10)
            try:
                {use}
            except RuntimeError as error:
                assert "without --preload" in str(error)
                os._exit(0)
            os._exit(1)
        print("exit", os.waitstatus_to_exitcode(os.wait()[1]))
    """)
    assert "exit 0" in done.stdout, done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_fork_before_any_use_fits():
    done = run("""
        import os
        if os.fork() == 0:
            clf.fit(X, y).predict(X)
            os._exit(0)
        print("exit", os.waitstatus_to_exitcode(os.wait()[1]))
    """)
    assert "exit 0" in done.stdout, done.stderr


SETTINGS = [
    "keras.config.set_dtype_policy('mixed_float16')",
    "keras.config.set_dtype_policy('mixed_bfloat16')",
    "keras.config.set_floatx('float64')",
    "keras.config.set_floatx('float16')",
    "keras.config.set_image_data_format('channels_first')",
]


@pytest.mark.parametrize("setting", SETTINGS)
def test_settings_of_keras_are_those_of_other_networks(setting):
    done = run(f"""
        import keras
        from skautokeras import ImageClassifier
        images = np.random.default_rng(0).integers(0, 255, (40, 8, 8, 3))
        img = ImageClassifier(max_trials=1, epochs=1, random_state=0)
        def state():
            return (keras.config.dtype_policy().name, keras.config.floatx(),
                    keras.config.image_data_format())
        expected = clf.fit(X, y).predict_proba(X)
        of_images = img.fit(images, y).predict_proba(images)
        {setting}
        before = state()
        assert (clf.predict_proba(X) == expected).all()
        assert (img.predict_proba(images) == of_images).all()
        assert (clf.fit(X, y).predict_proba(X) == expected).all()
        assert np.allclose(img.fit(images, y).predict_proba(images), of_images)
        try:
            clf.set_params(loss=1).fit(X, y)
        except ValueError:
            pass
        assert state() == before
        print("done")
    """)
    assert "done" in done.stdout, done.stderr


@pytest.mark.parametrize(
    "strategy", ["OneDeviceStrategy('CPU:0')", "MirroredStrategy()"]
)
def test_a_fit_inside_a_scope_is_the_same(strategy):
    done = run(f"""
        import tensorflow as tf
        expected = clf.fit(X, y).predict_proba(X)
        with tf.distribute.{strategy}.scope():
            inside = clf.fit(X, y).predict_proba(X)
        assert (inside == expected).all()
        print("done")
    """)
    assert "done" in done.stdout, done.stderr


def test_another_backend_is_refused():
    done = run("clf.fit(X, y)", KERAS_BACKEND="jax")
    assert "Set the environment variable KERAS_BACKEND to 'tensorflow'" in done.stderr


@pytest.mark.parametrize("call", ["disable_eager_execution", "disable_v2_behavior"])
def test_tensorflow_without_eager_execution_is_refused(call):
    done = run(f"""
        import tensorflow as tf
        tf.compat.v1.{call}()
        clf.fit(X, y)
    """)
    assert "skautokeras needs the eager execution of TensorFlow" in done.stderr


def test_there_is_no_noise():
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    done = subprocess.run(
        [sys.executable, "-c", f"{FIT}\nclf.fit(X, y).predict(X)"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_matplotlib_may_fail(tmp_path):
    (tmp_path / "matplotlib").mkdir()
    (tmp_path / "matplotlib" / "__init__.py").write_text("")
    (tmp_path / "matplotlib" / "pyplot.py").write_text("raise OSError('read-only')")
    done = run("clf.fit(X, y); print('done')", PYTHONPATH=str(tmp_path))
    assert "done" in done.stdout, done.stderr
