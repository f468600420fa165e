"""Golden curves of NegGrad+ in PyTorch float64: down the loss of D, and up that of F with weight beta, from an original.
usage: neg_grad_plus.py FOLDER OUT, where FOLDER is one that make.py wrote"""
import json, sys
import numpy as np, torch, torch.nn as nn, torch.optim as optim
torch.set_num_threads(1); torch.set_default_dtype(torch.float64)
folder, out = sys.argv[1], sys.argv[2]
X = torch.tensor(np.load(f'{folder}/X.npy'), dtype=torch.float64); y = torch.tensor(np.load(f'{folder}/Y.npy').astype(np.int64))
x = torch.tensor(np.load(f'{folder}/X_forget.npy'), dtype=torch.float64)
n, k = len(X), len(x)
start = json.load(open(f'{folder}/golden.json'))['trials'][0]['trained_original_float64']
class Net(nn.Module):
    def __init__(s):
        super().__init__(); s.fc1 = nn.Linear(X.shape[1], 64); s.fc2 = nn.Linear(64, 32); s.fc3 = nn.Linear(32, 2)
    def forward(s, a): return s.fc3(torch.relu(s.fc2(torch.relu(s.fc1(a)))))
def phi(logits):
    """The penalty of each row, with the share of X_train = D, F, D that the notebook calls pz."""
    p = torch.clamp(torch.softmax(logits, 1), 1e-10, 1.0 - 1e-10)
    pz = n / (2 * n + k); pn = 1 - pz; a = p[:, 1] * pz; b = p[:, 0] * pn; m = a + b
    return a * torch.log(a / (m * pz) + 1e-10) + b * torch.log(b / (m * pn) + 1e-10)
def run(beta, lam, labels, epochs):
    net = Net(); net.load_state_dict({name: torch.tensor(values) for name, values in start.items()})
    opt = optim.Adam(net.parameters(), lr=0.01); crit = nn.CrossEntropyLoss(); rows = []
    for _ in range(epochs):
        opt.zero_grad()
        ce = crit(net(X), y) - beta * crit(net(x), torch.full((k,), labels))
        (ce + lam * phi(net(X)).mean()).backward()
        with torch.no_grad(): penalty = phi(net(torch.cat((X, x, X)))).mean().item()
        opt.step()
        with torch.no_grad():
            acc = (net(X).argmax(1) == y).sum().item() / n; p0 = torch.softmax(net(x), 1)[:, 0].mean().item()
        rows.append([penalty, ce.item(), acc, p0])
    return rows
runs = [{'beta': beta, 'lambda': lam, 'forget_labels': labels, 'curve': run(beta, lam, {'kept': 0, 'flipped': 1}[labels], epochs)}
        for beta, lam, labels, epochs in ((0.1, 0, 'kept', 60), (0.5, 0, 'kept', 60), (0.9, 0, 'kept', 60), (0.5, 2, 'kept', 60), (-1, 0, 'flipped', 60))]
columns = ['mutual_information_before_step', 'cross_entropy_before_step', 'train_accuracy_after_step', 'forget_probability_after_step']
json.dump({'columns': columns, 'torch': torch.__version__, 'runs': runs}, open(out, 'w'))
for r in runs: print(r['beta'], r['lambda'], r['forget_labels'], [[f'{v:.6g}' for v in r['curve'][e]] for e in (0, 4, 29, 59)])
