"""What the Python peers share: the task, the check against the reference's curve, and samples when bench asks for them.

The task is a folder that bench writes: X.npy, Y.npy, X_forget.npy, Y_forget.npy, weights.npz (the initial weights, named
as in PyTorch's state_dict) and curve.json (penalty and cross-entropy before each of the first epochs of `original`, by
the reference engine). A peer is called as PEER.py FOLDER FORM. It trains, checks its curve, prints one JSON line with its name, and
then answers each line of stdin that holds a number of seconds with a JSON line {"ms": …, "epochs": …}: the epochs of
whole trials that it trained in at least so long, over all the trials of a batch.

Import this module before any other: it pins the process to one core, which thread pools ask about when they start.
"""
import json
import os
import sys
import time
from os.path import join

os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import numpy as np  # noqa: E402

EPOCHS = 100  # of a trial of `original`
TOLERANCE = 1e-4  # float32 implementations that are right differ by less over the first ten epochs
LAYERS = ("fc1", "fc2", "fc3")
TINY = 1e-10  # the notebook's clamp, and what it adds inside each logarithm
LEARNING_RATE, BETA1, BETA2, EPSILON = 0.01, 0.9, 0.999, 1e-8


class Task:
    """D and x, the initial weights, and the row weights that fold the notebook's 15,002 rows into n + k distinct ones."""

    def __init__(self, folder):
        self.data = np.load(join(folder, "X.npy")).astype(np.float32)
        self.forget = np.load(join(folder, "X_forget.npy")).astype(np.float32)
        self.data_labels = np.load(join(folder, "Y.npy")).astype(np.int64)
        forget_labels = np.load(join(folder, "Y_forget.npy")).astype(np.int64)
        n, k = len(self.data), len(self.forget)
        self.rows = np.concatenate((self.data, self.forget))
        self.labels = np.concatenate((self.data_labels, forget_labels))
        self.prior1 = n / (2 * n + k)
        self.cross_entropy_weights = np.full(n + k, 1 / (n + k), np.float32)
        self.penalty_weights = np.repeat(np.float32([2, 1]) / (2 * n + k), (n, k)).astype(np.float32)
        arrays = np.load(join(folder, "weights.npz"))
        names = [f"{layer}.{kind}" for layer in LAYERS for kind in ("weight", "bias")]
        self.weights = [arrays[name].astype(np.float32) for name in names]
        with open(join(folder, "curve.json"), encoding="utf8") as file:
            curve = json.load(file)
        self.curve = np.stack((curve["penalty"], curve["crossEntropy"]), axis=-1)


def check(task, curves):
    """Ends the process unless each trial's curve (trials × epochs × 2: penalty, cross-entropy) is the reference's."""
    off = np.abs(np.asarray(curves, np.float64) - task.curve).max()
    if not off <= TOLERANCE:
        sys.exit(f"its curve is {off:.1e} off the reference's, more than {TOLERANCE}: it is not timed")


def serve(forms):
    """forms: a form's name → (description, make(task) → train(epochs) → curves, as `check` takes them)."""
    _, folder, form = sys.argv
    description, make = forms[form]
    task = Task(folder)
    train = make(task)
    check(task, train(len(task.curve)))
    trials = len(train(EPOCHS))  # the first whole trial compiles what is compiled for its length
    print(json.dumps({"name": description}), flush=True)
    for line in sys.stdin:
        epochs, began = 0, time.perf_counter()
        while time.perf_counter() - began < float(line):
            train(EPOCHS)
            epochs += EPOCHS * trials
        print(json.dumps({"ms": 1000 * (time.perf_counter() - began), "epochs": epochs}), flush=True)
