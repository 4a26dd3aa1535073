"""Find, judge and export a network for a table of mixed types.

The passengers of the Titanic come as they are: numbers, categories, free text and
missing values. Takes less than a minute on two cores.
"""

import tempfile
from pathlib import Path

from sklearn.model_selection import train_test_split

from skautokeras import StructuredDataClassifier
from skautokeras.datasets import load_titanic


def main():
    X, y = load_titanic(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=0.2, stratify=y, random_state=0
    )

    clf = StructuredDataClassifier(max_trials=6, max_time=30, random_state=0, verbose=1)
    clf.fit(X_train, y_train)

    print("\nLeaderboard")
    print(clf.leaderboard_.to_string(index=False, max_colwidth=40))
    print(f"\nTest score: {clf.score(X_test, y_test):.3f}")

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "titanic.keras"
        clf.export_model().save(path)
        print(f"Exported model: {path} ({path.stat().st_size / 1024:.0f} KiB)")


if __name__ == "__main__":
    main()
