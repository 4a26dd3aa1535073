"""Answer requests over HTTP: MODEL=path/of/export uvicorn serve:app."""

import os

import tensorflow as tf
from fastapi import FastAPI

app = FastAPI()
model = tf.saved_model.load(os.environ["MODEL"])
predict = model.signatures["serving_default"]
columns = predict.structured_input_signature[1]


@app.post("/predict")
def answer(inputs: dict[str, list]):
    sent = {name: tf.constant(inputs[name], columns[name].dtype) for name in columns}
    return {name: y.numpy().tolist() for name, y in predict(**sent).items()}
