"""The exact interval of a proportion: quantiles of beta distributions, without SciPy."""

import math

TAIL = 0.025
STEPS = 200  # of Newton or of halving; some ten suffice
TERMS = 100_000  # of the continued fraction, which needs some √n of them
TINY = 1e-300


def exact_ends(successes: int, trials: int) -> tuple[float, float]:
    """Return the ends of the exact 95% interval of a proportion, as `exact_interval` defines them.

    With the regularized incomplete beta function I, `P(X ≥ k | p) = I_p(k, n − k + 1)`: the lower end is the 2.5%
    quantile of Beta(k, n − k + 1), the upper one the 97.5% quantile of Beta(k + 1, n − k).
    """
    low = beta_quantile(TAIL, successes, trials - successes + 1) if successes else 0.0
    high = 1 - beta_quantile(TAIL, trials - successes, successes + 1) if successes < trials else 1.0
    return low, high


def beta_quantile(probability: float, a: float, b: float) -> float:
    """Return x with `I_x(a, b) = probability`, by Newton's steps, halving where one would leave the bracket."""
    low, high, x = 0.0, 1.0, a / (a + b)
    log_beta = math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
    for _ in range(STEPS):
        excess = incomplete_beta(x, a, b) - probability
        low, high = (low, x) if excess > 0 else (x, high)
        density = math.exp((a - 1) * math.log(x) + (b - 1) * math.log1p(-x) - log_beta)
        following = x - excess / density if density > TINY else low
        if not low < following < high:
            following = (low + high) / 2
        if abs(following - x) <= 1e-15 * x:
            break
        x = following
    return x


def incomplete_beta(x: float, a: float, b: float) -> float:
    """Return `I_x(a, b)`, the probability that a beta variable lies below x, for x between 0 and 1.

    `I_x(a, b) = x^a(1 − x)^b/(a·B(a, b))·1/(1 + d₁/(1 + d₂/(1 + …)))` with `d_{2m} = m(b − m)x/((a + 2m − 1)(a + 2m))`
    and `d_{2m+1} = −(a + m)(a + b + m)x/((a + 2m)(a + 2m + 1))`, which converges fast for `x < (a + 1)/(a + b + 2)`;
    beyond, `I_x(a, b) = 1 − I_{1−x}(b, a)`. (Abramowitz & Stegun 26.5.8, 1964; evaluated by the method of Lentz, 1976.)
    """
    if x > (a + 1) / (a + b + 2):
        return 1 - incomplete_beta(1 - x, b, a)
    log_beta = math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
    numerator, denominator = 1.0, 1 / (1 - (a + b) * x / (a + 1) or TINY)
    fraction = denominator
    for m in range(1, TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        before = fraction
        for term in (even, odd):
            denominator = 1 / (1 + term * denominator or TINY)
            numerator = 1 + term / numerator or TINY
            fraction *= denominator * numerator
        if abs(fraction - before) <= 1e-15 * abs(fraction):
            break
    return math.exp(a * math.log(x) + b * math.log1p(-x) - log_beta) / a * fraction
