"""What the user holds: scikit-learn estimators around the search."""
