"""The peer that trains `original` in PyTorch at its best: distinct rows with weights, one compiled step.

usage: pytorch_compiled.py FOLDER one|two   (see peer.py; how many trials are trained at once)

Tried on one Zen 4 core where an epoch of the fused engine takes 0.71 ms, in ms/epoch and trial: this, one trial 1.4,
two 1.7, four 2.6, eight 2.1 (activations leave the caches); eager with fused or foreach Adam 4.7 and 6.5; the loss
compiled and optim.Adam(fused=True) 1.6 with batched products, 3.1 with nn.functional.linear; the whole step compiled
with linear 2.8, with rows last 2.7; inductor's max_autotune 1.7 to 2.2. A batch of one, through baddbmm, takes the
faster path.
"""
import peer
import numpy as np
import torch

torch.set_num_threads(1)


def compiled(trials):
    def make(task):
        rows, signs, cross_entropy_weights, penalty_weights = (
            torch.from_numpy(array)
            for array in (
                task.rows,
                (1 - 2 * task.labels).astype(np.float32),
                task.cross_entropy_weights,
                task.penalty_weights,
            )
        )
        rows = rows.expand(trials, -1, -1)
        prior1, prior0 = task.prior1, 1 - task.prior1

        def losses(parameters):
            """Penalty and cross-entropy of each trial; the two logits are one, z₁ − z₀."""
            w1, b1, w2, b2, w3, b3 = parameters
            hidden1 = torch.relu(torch.baddbmm(b1[:, None], rows, w1.mT))
            hidden2 = torch.relu(torch.baddbmm(b2[:, None], hidden1, w2.mT))
            head = (w3[:, 1] - w3[:, 0])[:, :, None]
            logit = torch.bmm(hidden2, head)[..., 0] + (b3[:, 1] - b3[:, 0])[:, None]
            cross_entropy = torch.nn.functional.softplus(signs * logit)
            a = prior1 * torch.sigmoid(logit).clamp(peer.TINY, 1 - peer.TINY)
            b = prior0 * torch.sigmoid(-logit).clamp(peer.TINY, 1 - peer.TINY)
            m = a + b
            penalty = a * torch.log(a / (m * prior1) + peer.TINY) + b * torch.log(b / (m * prior0) + peer.TINY)
            return (penalty * penalty_weights).sum(1), (cross_entropy * cross_entropy_weights).sum(1)

        def objective(parameters):
            both = losses(parameters)
            return sum(both).sum(), both

        @torch.compile(fullgraph=True)
        def step(parameters, moments1, moments2, size, per_second):
            gradients, both = torch.func.grad(objective, has_aux=True)(parameters)
            for p, m, v, g in zip(parameters, moments1, moments2, gradients):
                m.lerp_(g, 1 - peer.BETA1)
                v.mul_(peer.BETA2).addcmul_(g, g, value=1 - peer.BETA2)
                p.sub_(size * m / ((v * per_second).sqrt() + peer.EPSILON))
            return torch.stack(both, 1)

        initial = [torch.from_numpy(weights).expand(trials, *weights.shape) for weights in task.weights]

        @torch.no_grad()
        def train(epochs):
            parameters = [weights.clone() for weights in initial]
            moments1 = [torch.zeros_like(p) for p in parameters]
            moments2 = [torch.zeros_like(p) for p in parameters]
            curve = []
            for t in range(1, epochs + 1):
                size = torch.tensor(peer.LEARNING_RATE / (1 - peer.BETA1**t))
                per_second = torch.tensor(1 / (1 - peer.BETA2**t))
                curve.append(step(parameters, moments1, moments2, size, per_second))
            return torch.stack(curve, 1).numpy()

        return train

    return f"PyTorch {torch.__version__.split('+')[0]}, compiled, {trials} at once", make


peer.serve({"one": compiled(1), "two": compiled(2)})
