"""
Texts, numbers and two targets
==============================

The passengers of the Titanic have a name, which is text, and columns of numbers and
categories. One estimator reads both and predicts whether somebody survived and what
they paid.
"""

# %%
# One DataFrame for everything
# ----------------------------
# Each input says which columns it takes; the last one takes the rest.
from sklearn.model_selection import train_test_split

from skautokeras import (
    AutoModel,
    ClassificationHead,
    RegressionHead,
    StructuredDataInput,
    TextInput,
)
from skautokeras.datasets import load_titanic

X, survived = load_titanic(return_X_y=True)
X = X.dropna(subset="fare")
y = X[["fare"]].assign(survived=survived.loc[X.index])
X = X.drop(columns="fare")
X_train, X_test, y_train, y_test = train_test_split(
    X, y, stratify=y["survived"], random_state=0
)

model = AutoModel(
    inputs=[TextInput(columns="name"), StructuredDataInput()],
    outputs=[
        ClassificationHead(name="survived", metrics=["accuracy"]),
        RegressionHead(name="fare", loss_weight=0.5),
    ],
    scoring="val_survived_accuracy",
    max_trials=2,
    epochs=8,
    random_state=0,
)
model.fit(X_train, y_train)

# %%
# Predictions look as the target did.
print(model.predict(X_test).head())

# %%
# `score` is the mean of accuracy and R2, `evaluate` tells each head apart.
print(f"Score: {model.score(X_test, y_test):.3f}")
for name, value in model.evaluate(X_test, y_test).items():
    print(f"{name}: {value:.3f}")

# %%
# The probabilities of the one head that has some.
print(model.predict_proba(X_test)["survived"][:3].round(3))
