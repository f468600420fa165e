"""The peer that trains `original` in JAX: distinct rows with weights, one jitted scan over the epochs of a trial.

usage: jax_scan.py FOLDER whole|halves|two   (see peer.py)

Tried on one Zen 4 core where an epoch of the fused engine takes 0.71 ms, in ms/epoch and trial: rows last with the bias
as a weight 1.1 to 1.7 (`whole`), in two blocks of rows 1.4 to 1.6 (`halves`), two trials by vmap 1.1 to 1.9 (`two`),
three 2.0, four 1.4, eight 1.7, blocks and vmap together 1.4 and more; rows first 2.0 to 2.4; bias added apart 1.6;
blocks of 128 to 1,280 rows 1.6 to 2.0. XLA's flags for 512-bit vectors, fast math and oneDNN changed no more than noise.
"""
import os

import peer

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
os.environ["JAX_PLATFORMS"] = "cpu"

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402


def whole(task):
    """All rows at once: an array each, rows last."""
    return [array[None] for array in columns(task)]


def halves(task):
    """Two blocks of rows, whose gradients are added: half as large activations."""
    return [np.stack(np.split(padded(array), 2, axis=-1)) for array in columns(task)]


def columns(task):
    """Features and a 1 for the bias by rows, the labels' signs, and both row weights."""
    inputs = np.concatenate((task.rows.T, np.ones((1, len(task.rows)), np.float32)))
    signs = (1 - 2 * task.labels).astype(np.float32)
    return inputs, signs, task.cross_entropy_weights, task.penalty_weights


def padded(array):
    """An even number of rows; a row of zeros weighs nothing."""
    return np.pad(array, [(0, 0)] * (array.ndim - 1) + [(0, array.shape[-1] % 2)])


def scan(layout, trials):
    def make(task):
        blocks = [jnp.asarray(array) for array in layout(task)]
        prior1, prior0 = task.prior1, 1 - task.prior1

        def losses(parameters, inputs, signs, cross_entropy_weights, penalty_weights):
            """Penalty and cross-entropy of a block of rows; the two logits are one, z₁ − z₀."""
            w1, b1, w2, b2, w3, b3 = parameters
            hidden1 = jax.nn.relu(jnp.concatenate((w1, b1[:, None]), axis=1) @ inputs)
            hidden2 = jax.nn.relu(w2 @ hidden1 + b2[:, None])
            logit = (w3[1] - w3[0]) @ hidden2 + (b3[1] - b3[0])
            cross_entropy = jax.nn.softplus(signs * logit)
            a = prior1 * jnp.clip(jax.nn.sigmoid(logit), peer.TINY, 1 - peer.TINY)
            b = prior0 * jnp.clip(jax.nn.sigmoid(-logit), peer.TINY, 1 - peer.TINY)
            m = a + b
            penalty = a * jnp.log(a / (m * prior1) + peer.TINY) + b * jnp.log(b / (m * prior0) + peer.TINY)
            return jnp.stack((jnp.sum(penalty * penalty_weights), jnp.sum(cross_entropy * cross_entropy_weights)))

        def objective(parameters, *block):
            both = losses(parameters, *block)
            return jnp.sum(both), both

        gradient = jax.grad(objective, has_aux=True)

        def all_blocks(parameters):
            parts = [gradient(parameters, *(array[i] for array in blocks)) for i in range(len(blocks[0]))]
            return jax.tree.map(lambda *values: sum(values), *parts)

        def step(state, t):
            parameters, moments1, moments2 = state
            gradients, both = all_blocks(parameters)
            size, per_second = peer.LEARNING_RATE / (1 - peer.BETA1**t), 1 / (1 - peer.BETA2**t)
            moments1 = jax.tree.map(lambda m, g: peer.BETA1 * m + (1 - peer.BETA1) * g, moments1, gradients)
            moments2 = jax.tree.map(lambda v, g: peer.BETA2 * v + (1 - peer.BETA2) * g * g, moments2, gradients)
            parameters = jax.tree.map(
                lambda p, m, v: p - size * m / (jnp.sqrt(v * per_second) + peer.EPSILON), parameters, moments1, moments2
            )
            return (parameters, moments1, moments2), both

        def trial(parameters, steps):
            zeros = jax.tree.map(jnp.zeros_like, parameters)
            (parameters, _, _), curve = jax.lax.scan(step, (parameters, zeros, zeros), steps)
            return curve, parameters

        run = jax.jit(trial if trials == 1 else jax.vmap(trial, in_axes=(0, None)))
        initial = [jnp.asarray(w if trials == 1 else np.stack([w] * trials)) for w in task.weights]

        def train(epochs):
            curve, parameters = run(initial, jnp.arange(1, epochs + 1, dtype=jnp.float32))
            jax.block_until_ready(parameters)
            return np.asarray(curve).reshape(trials, epochs, 2)

        return train

    words = {1: "", 2: ", vmap over two trials"}
    return f"JAX {jax.__version__}, jitted scan{', rows in halves' if layout is halves else ''}{words[trials]}", make


peer.serve({"whole": scan(whole, 1), "halves": scan(halves, 1), "two": scan(whole, 2)})
