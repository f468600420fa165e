"""Times PyTorch on the notebook's training loop of `original`, as the notebook writes it: three forward passes an epoch.

usage: pytorch_notebook.py DATA_DIR EPOCHS   (X.npy, Y.npy and x.npy in DATA_DIR, as `gmm-sweep data export` writes them)
Prints one JSON object; one thread, because a trial has one core.
"""
import json
import sys
import time
from os.path import join

import numpy as np
import torch
from torch import nn

directory, epochs = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(1)
torch.manual_seed(0)


def array(name):
    return torch.from_numpy(np.load(join(directory, name)))


data, forget, labels = array("X.npy").float(), array("x.npy").float(), array("Y.npy").long()
with_forget = torch.cat((data, forget))
with_forget_labels = torch.cat((labels, torch.zeros(len(forget), dtype=torch.long)))
everything = torch.cat((with_forget, data))
membership = torch.cat((torch.zeros(len(with_forget)), torch.ones(len(data))))

net = nn.Sequential(nn.Linear(data.shape[1], 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 2))
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
cross_entropy = nn.CrossEntropyLoss()


def penalty(logits):
    p = torch.softmax(logits, dim=1).clamp(1e-10, 1.0 - 1e-10)
    share = membership.mean()
    a, b = p[:, 1] * share, p[:, 0] * (1 - share)
    m = a + b
    return (a * torch.log(a / (m * share) + 1e-10) + b * torch.log(b / (m * (1 - share)) + 1e-10)).mean()


def epoch():
    optimizer.zero_grad()
    first = penalty(net(everything))
    loss = cross_entropy(net(with_forget), with_forget_labels)
    first.backward(retain_graph=True)
    (loss + 0 * first).backward()
    optimizer.step()
    first.item(), loss.item()


for _ in range(3):
    epoch()
times = []
for _ in range(epochs):
    began = time.perf_counter()
    epoch()
    times.append(1000 * (time.perf_counter() - began))
print(json.dumps({"name": f"PyTorch {torch.__version__}, notebook's code", "msPerEpoch": sorted(times)[len(times) // 2]}))
