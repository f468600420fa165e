"""The peer that trains `original` in PyTorch as the notebook writes it: 15,002 rows, two backwards an epoch.

usage: pytorch_notebook.py FOLDER notebook   (see peer.py)
"""
import peer
import numpy as np
import torch
from torch import nn, optim

torch.set_num_threads(1)


class NormalClassifier(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.fc1 = nn.Linear(features, 64)
        self.fc2 = nn.Linear(64, 32)
        self.fc3 = nn.Linear(32, 2)

    def forward(self, x):
        x = torch.relu(self.fc1(x))
        x = torch.relu(self.fc2(x))
        return self.fc3(x)


def mutual_information(outputs, labels):
    """compute_mutual_information_direct of the notebook."""
    probabilities = torch.softmax(outputs, dim=1)
    probabilities = torch.clamp(probabilities, peer.TINY, 1.0 - peer.TINY)
    p_z = torch.mean(labels.float())
    p_not_z = 1 - p_z
    joint_p_z = probabilities[:, 1] * p_z
    joint_p_not_z = probabilities[:, 0] * p_not_z
    p_y_hat = joint_p_z + joint_p_not_z
    return torch.mean(
        joint_p_z * torch.log(joint_p_z / (p_y_hat * p_z) + peer.TINY)
        + joint_p_not_z * torch.log(joint_p_not_z / (p_y_hat * p_not_z) + peer.TINY)
    )


def notebook(task):
    data, forget = torch.from_numpy(task.data), torch.from_numpy(task.forget)
    data_labels = torch.from_numpy(task.data_labels)
    with_forget, with_forget_labels = torch.from_numpy(task.rows), torch.from_numpy(task.labels)
    everything = torch.cat((with_forget, data))
    membership = torch.cat((torch.zeros(len(with_forget)), torch.ones(len(data))))
    initial = [torch.from_numpy(weights) for weights in task.weights]

    def train(epochs):
        model = NormalClassifier(data.shape[1])
        with torch.no_grad():
            for parameter, weights in zip(model.parameters(), initial):
                parameter.copy_(weights)
        criterion = nn.CrossEntropyLoss()
        optimizer = optim.Adam(model.parameters(), lr=peer.LEARNING_RATE)
        curve = []
        for _ in range(epochs):
            optimizer.zero_grad()
            everything_outputs = model(everything)
            loss = criterion(model(with_forget), with_forget_labels)
            penalty = mutual_information(everything_outputs, membership)
            penalty.backward(retain_graph=True)
            total = loss + 0 * penalty
            total.backward()
            optimizer.step()
            curve.append((penalty.item(), loss.item()))
        with torch.no_grad():
            (torch.argmax(model(data), dim=1) == data_labels).float().mean().item()
            torch.softmax(model(forget)[0], dim=0)[0].item()
        return np.array([curve])

    return train


peer.serve({"notebook": (f"PyTorch {torch.__version__.split('+')[0]}, the notebook's code", notebook)})
