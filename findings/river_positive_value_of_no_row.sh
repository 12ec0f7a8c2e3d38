#!/usr/bin/env bash
# river 0.26.1: pos_val="phishing" makes precision, recall and F1 0, and pos_val=0 an area under the ROC curve of -0.88.
#
# "Value to treat as positive", say the binary metrics of pos_val, for labels that are not True and False. What comes in
# is compared with it and noted as True or False; what goes out looks in the notes for the value itself. Only True is
# found there, and 1, which equals it. Of names, and of 2 beside 1, each score is 0, as that of a classifier that finds
# no case, while the accuracy beside it is 87%. 0 equals False: the scores are those of the other class, here an F1 of
# 0.886 for 0.856, and the area is turned below 0, where none can lie. In a confusion matrix that is shared (cm=), as
# ClassificationReport has one, the labels are noted as they are, and the scores of names are right. Nothing is raised,
# and a search that maximizes F1 takes all models for equal. No report was found. The metrics:
# https://github.com/online-ml/river/blob/main/river/metrics/base.py
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    numpy==2.4.6 scipy==1.17.1 pandas==3.1.1 scikit-learn==1.9.1 river==0.26.1
"$folder/venv/bin/python" - <<'PYTHON'
import river
from river import datasets, metrics, preprocessing, tree
from sklearn.metrics import f1_score, precision_score, recall_score, roc_auc_score

model = preprocessing.StandardScaler() | tree.HoeffdingTreeClassifier()
truth, chance = [], []  # of phishing, each row predicted before it is learned
for x, y in datasets.Phishing():
    chance.append(model.predict_proba_one(x).get(True, 0.0))
    truth.append(y)
    model.learn_one(x, y)
found = {}
print(f"river {river.__version__}: positive, other; accuracy, precision, recall, F1, area; scikit-learn; F1 by cm=")
for positive, other in ((True, False), (1, 0), (0, 1), ("phishing", "fine"), (2, 1)):
    labels = [positive if each else other for each in truth]
    predicted = [positive if each > 0.5 else other for each in chance]
    scores = [metrics.Accuracy()]
    scores += [metric(pos_val=positive) for metric in (metrics.Precision, metrics.Recall, metrics.F1)]
    area = metrics.ROCAUC(pos_val=positive, n_thresholds=100)
    matrix = metrics.ConfusionMatrix()
    for label, guess, probability in zip(labels, predicted, chance, strict=True):
        matrix.update(label, guess)
        area.update(label, probability)
        for score in scores:
            score.update(label, guess)
    values = [score.get() for score in scores] + [area.get()]
    right = [score(labels, predicted, pos_label=positive) for score in (precision_score, recall_score, f1_score)]
    right.append(roc_auc_score(truth, chance))
    shared = metrics.F1(cm=matrix, pos_val=positive).get()
    texts = [", ".join(f"{value:.3f}" for value in row) for row in (values, right, [shared])]
    print(f"{positive}, {other}: {'; '.join(texts)}")
    assert values[0] > 0.85 and abs(shared - right[2]) < 1e-9
    found[positive] = (values[1:], right)
    if positive in ("phishing", 2):
        assert not any(values[1:]), "expected scores of 0: the behaviour has changed"
    elif positive == 1:
        assert all(abs(value - by_other) < 0.01 for value, by_other in zip(*found[positive], strict=True))
values, right = found[0]
assert abs(values[2] - right[2]) > 0.01, "expected the F1 of the other class: the behaviour has changed"
assert abs(values[3] + right[3]) < 0.01, "expected an area below 0: the behaviour has changed"
PYTHON
