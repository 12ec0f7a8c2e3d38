"""An issue of dropout: so many units are silenced that the rest learn hardly anything."""

from glassnet.diagnostics.diagnosis.finding import Change, Finding, rounded
from glassnet.diagnostics.diagnosis.training import Training

STRONG = 0.7  # of the hidden units, at each step; half is usual (Srivastava et al. 2014, "Dropout", section 7)
LESS = 0.2  # 0.7 in place of 0.9 lowered the loss on six of six data sets; 0.5 raised it on one of eight
LEARNT = 0.1  # of the random baseline: a training loss as low as this was learnt in spite of it


def dropout_too_strong(t: Training) -> Finding | None:
    """Most hidden units are silenced at each step, and the loss with them silenced stays above that of them all."""
    dropout, best = t.setup.dropout, t.best_epoch - 1
    train, validation = float(t.train[best]), float(t.validation[best])
    if not t.has_hidden_layers or dropout < STRONG or train <= max(LEARNT, validation):
        return None
    return Finding(
        "dropout too strong",
        0.94,
        f"dropout silences {dropout:.0%} of the hidden units at each step; in epoch {t.best_epoch} the training loss, "
        f"with them silenced, is {t.loss(train):.3g}, and the validation loss, with all at work, "
        f"{t.loss(validation):.3g}",
        "less dropout",
        (Change("model.dropout", rounded(dropout - LESS, 2)),),
    )
