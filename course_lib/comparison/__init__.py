"""The one comparison that runs through chapters 07 to 13: every network on the same terms.

The protocol
------------
- **Data.** 64 x 64 images, ``"shapes"`` by default; the environment variable ``COURSE_COMPARISON`` names
  another set of `DATA`. At most 8,000 images to train and choose with, a fifth of them (at most 1,000) held
  out for validation, and at most 2,000 to test. Standardised by the mean and deviation of the training
  images. No augmentation for anyone.
- **Budget.** `UPDATES` steps on batches of `BATCH_SIZE` images for every network, with AdamW, weight decay
  `WEIGHT_DECAY` and one schedule: a warm-up over the first of `ROUNDS` rounds, then half a cosine down to
  zero, set anew after every round, as is usual after an epoch. Equal updates are not equal time: the seconds
  stand in the record.
- **Tuning.** The same for every network: each of `RATES` once, from seed `SEARCH_SEED`; the one with the
  highest validation accuracy at the end is taken. Nothing else is tuned.
- **Report.** Three `SEEDS` at the rate taken, none of them the search's; all of them are drawn, the band is
  the lowest and the highest. Test images are looked at once per seed, after the last update. A run whose loss
  stopped being finite, or that never left chance, stays in the record.
- **Control.** The two networks without convolutions once more with `CONTROL` times as many updates, so that
  nobody can say that they were stopped too early.
- **Limits.** One budget for all is short for some: on the shapes VGG-11 and MobileNet still gain when it
  ends, and three networks took the highest rate of the search. The order is that of this budget, width and
  data.

What the networks keep and what they had to give up at 64 x 64 pixels and at this width stands in `NETWORKS`.

Examples
--------
A network, ready to train, and what the committed runs say of it::

    data = load_data()                        # standardised 64 x 64 images, three splits
    model = build("lenet", data)              # fresh weights from torch's global generator
    result = train("lenet", 0, data)          # at the rate that the search took; result.run, result.model
    records = stored()                        # every committed run of the default data
    records.curves("lenet")                   # validation accuracy, (seeds, rounds)
    pretrained("resnet").model                # the weights of seed 0, for later chapters
    plot_comparison(records, ["softmax", "mlp", "lenet"], highlight="lenet")   # course_lib.plotting
"""

from course_lib.comparison.data import DATA, DATA_VARIABLE, ComparisonData, load_data
from course_lib.comparison.networks import MLP, NETWORKS, Network, SoftmaxRegression, build
from course_lib.comparison.records import Records, read_records, stored
from course_lib.comparison.runs import (
    BATCH_SIZE,
    CONTROL,
    RATES,
    ROUNDS,
    SEARCH_SEED,
    SEEDS,
    UPDATES,
    WEIGHT_DECAY,
    Run,
    Trained,
    train,
)
from course_lib.comparison.weights import Pretrained, pretrained, save_weights

__all__ = [
    "BATCH_SIZE",
    "CONTROL",
    "DATA",
    "DATA_VARIABLE",
    "MLP",
    "NETWORKS",
    "RATES",
    "ROUNDS",
    "SEARCH_SEED",
    "SEEDS",
    "UPDATES",
    "WEIGHT_DECAY",
    "ComparisonData",
    "Network",
    "Pretrained",
    "Records",
    "Run",
    "SoftmaxRegression",
    "Trained",
    "build",
    "load_data",
    "pretrained",
    "read_records",
    "save_weights",
    "stored",
    "train",
]
