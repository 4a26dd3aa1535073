"""What a notebook shows of an estimator, while it is fitted and afterwards."""

import pytest
from sklearn.datasets import load_iris

from skautokeras import StructuredDataClassifier

nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")
pytest.importorskip("ipykernel")
pytestmark = pytest.mark.slow

CELL = """
from sklearn.datasets import load_iris
from skautokeras import StructuredDataClassifier
X, y = load_iris(return_X_y=True)
clf = StructuredDataClassifier(
    max_trials=3, epochs=2, random_state=0, verbose={verbose}
)
_ = clf.fit(X, y)
"""


@pytest.fixture
def run(tmp_path):
    """Return a function that runs a cell and returns its outputs."""

    def run(code):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
        resources = {"metadata": {"path": str(tmp_path)}}
        nbclient.NotebookClient(
            notebook, timeout=300, kernel_name="python3", resources=resources
        ).execute()
        return notebook.cells[0].outputs

    return run


def test_one_table_changes_while_a_search_runs(run):
    outputs = run(CELL.format(verbose=1))
    shown = [o for o in outputs if o.output_type == "display_data"]
    (table,) = shown
    html = table.data["text/html"]
    assert "Data: 150 rows" in html
    assert "Final model: " in html
    assert "Trial 0" not in html  # The lines of trials have given way to the table.
    assert html.count("<tr") == 4
    # Nothing is printed besides.
    assert not [o for o in outputs if o.get("name") == "stdout"]


def test_a_silent_fit_shows_nothing(run):
    outputs = run(CELL.format(verbose=0))
    assert not [o for o in outputs if o.output_type == "display_data"]
    assert not [o for o in outputs if o.get("name") == "stdout"]


def test_a_fitted_estimator_shows_the_head_of_its_leaderboard():
    clf = StructuredDataClassifier(max_trials=2, epochs=2, random_state=0)
    before = clf._repr_html_()
    assert "leaderboard" not in before
    clf.fit(*load_iris(return_X_y=True))
    for html in (clf._repr_html_(), clf._repr_mimebundle_()["text/html"]):
        assert "2 trials, the best ones first:" in html
        assert "neg_loss" in html
        assert html.count("completed") == 2
