"""Writes test/golden/compat.json: what the measures of src/verdict/compat are by their published formulas.

    python3 -m venv venv && venv/bin/pip install numpy==2.4.6 scipy==1.17.1 statsmodels==0.15.0
    venv/bin/python test/golden/compat.py

The formulas are written out here once more, on whole arrays and without any of the shortcuts of src: densities, normal
fits, entropies and intervals are scipy's and statsmodels'. Margins are rounded to few digits so that ties are ties.
"""
import itertools
import json
import math
import pathlib

import numpy as np
import scipy
import statsmodels
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

rng = np.random.default_rng(20231201)
SOURCE = f"numpy {np.__version__}, scipy {scipy.__version__}, statsmodels {statsmodels.__version__}"


def margins(n, center, spread, digits=4):
    return [round(float(v), digits) for v in rng.normal(center, spread, n)]


def pairs():
    """Name, unlearned and retrained margins."""
    yield "one each", [1.5], [2.25]
    yield "one each, equal", [1.5], [1.5]
    yield "two each", [1.0, 2.0], [1.5, 3.0]
    yield "two each, apart", [1.0, 1.5], [3.0, 3.25]
    yield "constant and equal", [2.5] * 10, [2.5] * 10
    yield "constants apart", [2.5] * 10, [3.5] * 10
    yield "constants apart, unlearned above", [3.5] * 10, [2.5] * 10
    yield "one constant", [2.5] * 20, margins(20, 2, 1)
    yield "nearly constant", [2.5 + 0.001 * i for i in range(20)], margins(20, 2, 1)
    yield "just not nearly constant", [2.5 + 0.0026 * i for i in range(20)], [0.25 * i for i in range(19)] + [4.75]
    same = margins(30, 2, 1)
    yield "equal samples", same, same
    yield "ties", margins(40, 2, 1.2, 0), margins(40, 2.5, 1.2, 0)
    yield "few values", [float(v) for v in rng.integers(0, 4, 25)], [float(v) for v in rng.integers(0, 3, 30)]
    yield "other sizes", margins(12, 1, 1), margins(35, 1.5, 2)
    yield "wide", margins(50, 0, 60, 1), margins(50, 20, 80, 1)
    yield "narrower", margins(100, 2, 0.3), margins(100, 2, 1.5)
    yield "wider", margins(100, 2, 1.5), margins(100, 2.1, 0.4)
    yield "no difference, 100", margins(100, 2, 1), margins(100, 2, 1)
    yield "shifted, 100", margins(100, 3, 1), margins(100, 2, 1)
    yield "apart, 100", margins(100, 9, 1), margins(100, -2, 1)
    yield "no difference, 1000", margins(1000, 2, 1, 3), margins(1000, 2, 1, 3)
    yield "shifted, 1000", margins(1000, 2.4, 1, 3), margins(1000, 2, 1, 3)


# The challenge's ε

DELTA, CAP = 1e-5, 50


def epsilon_of(fpr, fnr):
    """The larger of both terms; NaN where one rate alone is 0, or neither term exists."""
    fpr, fnr = np.asarray(fpr, float), np.asarray(fnr, float)
    with np.errstate(all="ignore"):
        terms = np.array([np.log(1 - DELTA - fpr) - np.log(fnr), np.log(1 - DELTA - fnr) - np.log(fpr)])
        value = np.where(np.isnan(terms).all(0), np.nan, np.maximum(np.fmax(terms[0], terms[1]), 0))
    value = np.where((fpr == 0) & (fnr == 0), np.inf, value)
    return np.where((fpr == 0) != (fnr == 0), np.nan, value)


def rules(u, r):
    """All rules as (sample that is positive, left ends, right ends)."""
    by_median = "u" if np.median(u) >= np.median(r) else "r"
    other = {"u": "r", "r": "u"}
    high, low = (u, r) if by_median == "u" else (r, u)
    # A tie of the ranges goes to the sample with the smaller median.
    narrow = by_median if np.ptp(high) < np.ptp(low) else other[by_median]
    x = u if narrow == "u" else r
    width = x.max() - x.min()
    start, stop = x.min() + width - 2.0, x.max() + 2.0
    rights = np.linspace(start, stop, int(np.ceil((stop - start) * 100)))
    left = np.concatenate([np.linspace(v - width - 2.0, v - width + 2.0, 400) for v in rights])
    yield narrow, left, np.repeat(rights, 400)
    both = np.concatenate([u, r])
    count = int(np.ceil((both.max() - both.min()) * 100))
    t = np.linspace(both.min(), both.max(), count)
    yield by_median, t, np.full(count, np.inf)


def share_inside(x, left, right):
    counts = np.zeros(len(left))
    for value in x:
        counts += (left <= value) & (value <= right)
    return counts / len(x)


def all_rules(u, r):
    names, lefts, rights, values = [], [], [], []
    for positive, left, right in rules(u, r):
        pos, neg = (u, r) if positive == "u" else (r, u)
        inside = share_inside(pos, left, right)
        # Counted, not subtracted: 1 − 0.9 is not 0.1.
        fnr = np.round(len(pos) - inside * len(pos)) / len(pos)
        values.append(epsilon_of(share_inside(neg, left, right), fnr))
        names += [positive] * len(left)
        lefts.append(left)
        rights.append(right)
    return names, np.concatenate(lefts), np.concatenate(rights), np.concatenate(values)


def epsilon(u, r):
    u, r = np.array(u), np.array(r)
    small, large = sorted([np.ptp(u), np.ptp(r)])
    if large > 0 and small / large < 0.01:
        return CAP
    values = all_rules(u, r)[3]
    return None if np.isnan(values).all() else min(CAP, float(np.nanmax(values)))


def bounds(u, r):
    u, r = np.array(u), np.array(r)
    if min(len(u), len(r)) < 2:
        return None
    names, left, right, values = all_rules(u[::2], r[::2])
    if np.isnan(values).all():
        return None
    best = np.flatnonzero(values == np.nanmax(values))
    at = best[len(best) // 2]
    pos, neg = (u[1::2], r[1::2]) if names[at] == "u" else (r[1::2], u[1::2])
    inside = lambda x: int(((left[at] <= x) & (x <= right[at])).sum())
    fnr = proportion_confint(len(pos) - inside(pos), len(pos), 0.025, "beta")
    fpr = proportion_confint(inside(neg), len(neg), 0.025, "beta")
    clean = lambda v: 0.0 if np.isnan(v) else v

    def bound(a, b):
        with np.errstate(all="ignore"):
            terms = [np.log(1 - DELTA - a) - np.log(b), np.log(1 - DELTA - b) - np.log(a)]
        terms = [t for t in terms if not np.isnan(t)]
        return float(min(CAP, max([0.0] + terms)))

    return [bound(clean(fpr[1]), clean(fnr[1])), bound(clean(fpr[0]), clean(fnr[0]))]


def points(value, nets):
    """The challenge's buckets of ε, each half an ε wide and worth half the one before, up to ⌈ln(nets − 1)⌉."""
    most = math.ceil(math.log(nets - 1)) if nets > 1 else -1
    worth, start = 1.0, 0.0
    while start + 0.5 <= most:
        if value < start + 0.5:
            return worth
        worth, start = worth / 2, start + 0.5
    return 0.0


# U-LiRA


def u_lira(u, r):
    if min(len(u), len(r)) < 2:
        return None
    u, r = np.array(u), np.array(r)
    fit = lambda x: (np.mean(x), max(1e-6, np.std(x)))
    density = lambda x, at: stats.norm.logpdf(x, *at)
    right_u = [density(x, fit(np.delete(u, i))) > density(x, fit(r)) for i, x in enumerate(u)]
    right_r = [not density(x, fit(u)) > density(x, fit(np.delete(r, i))) for i, x in enumerate(r)]
    return float((np.mean(right_u) + np.mean(right_r)) / 2)


# KLoM


def klom(u, r, drop_largest):
    u, r = np.clip(u, -100, 100), np.clip(r, -100, 100)
    low, high = min(u.min(), r.min()), max(u.max(), r.max())
    edges = np.linspace(low, high if high > low else low + 1, 21)
    if drop_largest:
        count = lambda x: np.bincount(np.digitize(x, edges), minlength=22)[1:21].astype(float)
    else:
        count = lambda x: np.histogram(x, edges)[0].astype(float)
    p, q = count(u), count(r)
    if p.sum() == 0:
        return None
    p, q = p / p.sum(), (q / q.sum() if q.sum() > 0 else q)
    return float(stats.entropy(p, np.where(p > 0, np.maximum(q, 1e-5), q)))


# Whole settings: all measures of one draw, with their errors


def ks_p(u, r):
    """Of all ways to divide the pooled values: the share with a D as large, counted in whole numbers, ties included."""
    m, n = len(u), len(r)
    pool = sorted(list(u) + list(r))
    step = [i == m + n or i == 0 or pool[i - 1] != pool[i] for i in range(m + n + 1)]
    d = max(abs(sum(x <= v for x in u) * n - sum(x <= v for x in r) * m) for v in pool)
    ways = {(0, 0): 1}
    for total in range(1, m + n + 1):
        for i in range(max(0, total - n), min(m, total) + 1):
            j = total - i
            if step[total] and abs(i * n - j * m) >= d:
                continue
            ways[i, j] = ways.get((i - 1, j), 0) + ways.get((i, j - 1), 0)
    return d / (m * n), 1 - ways.get((m, n), 0) / math.comb(m + n, m) if d > 0 else 1.0


def mann_whitney(u, r):
    tied = len(set(u) | set(r)) < len(u) + len(r)
    auc = float(np.mean([(a > b) + (a == b) / 2 for a in u for b in r]))
    if tied and len(u) + len(r) <= 16:
        pool = list(u) + list(r)
        ranks = stats.rankdata(pool)
        sums = [sum(ranks[i] for i in c) for c in itertools.combinations(range(len(pool)), len(u))]
        mine = ranks[: len(u)].sum()
        return auc, min(1.0, 2 * min(np.mean([s <= mine for s in sums]), np.mean([s >= mine for s in sums])))
    exact = not tied and max(len(u), len(r)) <= 40
    method = "exact" if exact else "asymptotic"
    return auc, float(stats.mannwhitneyu(u, r, use_continuity=False, method=method).pvalue)


def jackknife(statistic, u, r, paired):
    """`u` and `r` are arrays of rows (trials); pairs leave together, else each side's variance is its own."""

    def spread(values):
        values = np.array(values, float)
        return (len(values) - 1) / len(values) * ((values - values.mean()) ** 2).sum()

    if paired:
        return math.sqrt(spread([statistic(np.delete(u, i, 0), np.delete(r, i, 0)) for i in range(len(u))]))
    total = spread([statistic(np.delete(u, i, 0), r) for i in range(len(u))])
    return math.sqrt(total + spread([statistic(u, np.delete(r, i, 0)) for i in range(len(r))]))


FORGET, MARGIN, RETAINED, TEST = range(4)


def fa(x):
    return np.mean(x[:, MARGIN] > 0)


MEASURES = {
    "wasserstein_1": lambda u, r: stats.wasserstein_distance(u[:, FORGET], r[:, FORGET]),
    "auc": lambda u, r: mann_whitney(u[:, FORGET], r[:, FORGET])[0],
    "u_lira": lambda u, r: u_lira(u[:, MARGIN], r[:, MARGIN]),
    "klom": lambda u, r: klom(u[:, MARGIN], r[:, MARGIN], True),
    "klom_corrected": lambda u, r: klom(u[:, MARGIN], r[:, MARGIN], False),
    "tug_of_war": lambda u, r: (1 - abs(fa(u) - fa(r)))
    * (1 - abs(u[:, RETAINED].mean() - r[:, RETAINED].mean()))
    * (1 - abs(u[:, TEST].mean() - r[:, TEST].mean())),
    "ua_gap": lambda u, r: (1 - fa(u)) - (1 - fa(r)),
    "ra_gap": lambda u, r: u[:, RETAINED].mean() - r[:, RETAINED].mean(),
    "ta_gap": lambda u, r: u[:, TEST].mean() - r[:, TEST].mean(),
}


def trials(n, center, spread, accuracy, digits):
    rows = []
    for _ in range(n):
        margin = round(float(rng.normal(center, spread)), digits)
        p = round(1 / (1 + math.exp(-margin)), 6)
        rows.append([p, margin, round(accuracy + 0.004 * rng.normal(), 4), round(accuracy - 0.02 + 0.004 * rng.normal(), 4)])
    return rows


def setting(name, u, r, paired):
    a, b = np.array(u), np.array(r)
    # Apart: the unlearned trials of odd numbers and the retrained ones of even numbers, counted from 1.
    x, y = (a[0::2, FORGET], b[1::2, FORGET]) if paired else (a[:, FORGET], b[:, FORGET])
    expected = {key: [float(f(a, b)), jackknife(f, a, b, paired)] for key, f in MEASURES.items()}
    eps = epsilon(a[:, MARGIN], b[:, MARGIN])
    quality = points(eps, min(len(u), len(r)))
    score = quality * (a[:, RETAINED].mean() / b[:, RETAINED].mean()) * (a[:, TEST].mean() / b[:, TEST].mean())
    once = {
        "ks_d": ks_p(list(a[:, FORGET]), list(b[:, FORGET]))[0],
        "ks_p": ks_p(list(x), list(y))[1],
        "mann_whitney_p": mann_whitney(list(x), list(y))[1],
        "epsilon": eps,
        "forgetting_quality": quality,
        "final_score": float(score),
    }
    expected |= {key: [float(value), None] for key, value in once.items()}
    limits = bounds(a[:, MARGIN], b[:, MARGIN])
    return {"name": name, "paired": paired, "unlearned": u, "retrained": r, "expected": expected, "bounds": limits}


samples = []
for name, u, r in pairs():
    eps = epsilon(u, r)
    expected = {
        "epsilon": eps,
        "bounds": bounds(u, r),
        "points": None if eps is None else points(eps, min(len(u), len(r))),
        "u_lira": u_lira(u, r),
        "klom": klom(u, r, True),
        "klom_corrected": klom(u, r, False),
    }
    samples.append({"name": name, "unlearned": u, "retrained": r, "expected": expected})

SIZES = [4, 7, 10, 20, 40, 100]
settings = []
for n, paired in itertools.product(SIZES, [True, False]):
    digits = 1 if n == 7 else 4
    shift = 0 if n % 4 == 0 else 0.6
    settings.append(setting(f"{n} trials", trials(n, 0.4 + shift, 0.8, 0.93, digits), trials(n, 0.4, 1, 0.932, digits), paired))

buckets = [[e, n, points(e, n)] for n in (2, 3, 10, 100, 512, 1000) for e in (0, 0.25, 0.5, 0.999, 1, 2.4, 4.5, 4.999, 5, 6.9, 7, 50)]

path = pathlib.Path(__file__).with_name("compat.json")
lines = [f' "source": {json.dumps(SOURCE)}', f' "points": {json.dumps(buckets)}']
for key, items in (("samples", samples), ("settings", settings)):
    body = ",\n".join(f"  {json.dumps(item, ensure_ascii=False)}" for item in items)
    lines.append(f' "{key}": [\n{body}\n ]')
path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
print(len(samples), "samples,", len(settings), "settings,", path.stat().st_size, "bytes")
