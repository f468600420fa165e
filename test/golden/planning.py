"""Writes test/golden/planning.json: what statsmodels and scipy say of what `gmm-sweep plan` computes.

    python3 -m venv venv && venv/bin/pip install numpy pandas scipy==1.17.1 statsmodels==0.15.0
    venv/bin/python test/golden/planning.py

components: REML estimates of a balanced mixed model (statsmodels MixedLM), which those of the analysis of variance are
where both are positive. promised: the exact prediction limit of a half-width, by F (scipy). power: that of two
one-sided tests with a known variance, integrated over the sample variance (scipy).
"""
import json
import pathlib
import warnings

import numpy as np
import pandas as pd
import scipy
import statsmodels
import statsmodels.formula.api as smf
from scipy import integrate, stats

warnings.simplefilter("ignore")
rng = np.random.default_rng(20261126)
ALPHA = 0.05


def components(draws, trials, ratio):
    groups = np.round(ratio * rng.normal(0, 0.1, (draws, 1)) + rng.normal(0.02, 0.1, (draws, trials)), 4)
    frame = pd.DataFrame([{"draw": i, "y": y} for i, group in enumerate(groups) for y in group])
    fit = smf.mixedlm("y ~ 1", frame, groups="draw").fit(reml=True, method="powell", xtol=1e-12, ftol=1e-14, maxiter=100000)
    return {"groups": groups.tolist(), "mean": float(fit.fe_params.iloc[0]), "error": float(fit.bse_fe.iloc[0]), "group": float(fit.cov_re.iloc[0, 0]), "trial": float(fit.scale)}


def promised(pilot, groups, between, assurance):
    old, new = pilot - 1, groups - pilot
    squares = between * (old + new * stats.f.ppf(assurance, new, old))
    half = stats.t.isf(ALPHA, groups - 1) * np.sqrt(squares / (groups - 1) / groups)
    return {"pilot": pilot, "groups": groups, "between": between, "assurance": assurance, "halfWidth": float(half)}


def power(groups, sigma, margin, truth):
    df, error = groups - 1, sigma / np.sqrt(groups)
    t = stats.t.isf(ALPHA, df)

    def given(x):
        room = margin - t * error * np.sqrt(x / df)
        inside = stats.norm.cdf((room - truth) / error) - stats.norm.cdf((-room - truth) / error)
        return stats.chi2.pdf(x, df) * max(0, inside)

    most = df * (margin / t / error) ** 2
    found, _ = integrate.quad(given, 0, min(most, stats.chi2.isf(1e-12, df)), limit=500)
    return {"groups": groups, "sigma": sigma, "margin": margin, "truth": truth, "power": float(found)}


golden = {
    "source": f"statsmodels {statsmodels.__version__}, scipy {scipy.__version__}",
    "components": [components(d, t, r) for d, t in [(3, 4), (6, 10), (20, 5), (50, 2)] for r in [1.5, 3, 5]],
    "promised": [promised(p, g, 0.0016, a) for p, g in [(5, 6), (5, 40), (5, 400), (10, 12), (10, 100), (20, 30), (20, 200)] for a in [0.5, 0.9]],
    "power": [power(g, 0.1, m, t) for g in [5, 20, 80] for m in [0.02, 0.05] for t in [0, 0.01]],
}
pathlib.Path(__file__).with_name("planning.json").write_text(json.dumps(golden, indent=1) + "\n")
