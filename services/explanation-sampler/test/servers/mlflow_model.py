"""Writes a scikit-learn model for `mlflow models serve`: mlflow_model.py FOLDER. It answers 2x - y, and 10 more when colour is red."""
import sys

import mlflow.sklearn
import pandas
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

rows = [(x, y, colour) for x in (0.0, 1.0, 2.0) for y in (0.0, 1.0, 3.0) for colour in ("red", "blue")]
frame = pandas.DataFrame(rows, columns=["x", "y", "colour"])
target = 2 * frame.x - frame.y + 10 * (frame.colour == "red")
encoder = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["colour"]), remainder="passthrough")
mlflow.sklearn.save_model(make_pipeline(encoder, LinearRegression()).fit(frame, target), sys.argv[1], serialization_format="cloudpickle")
