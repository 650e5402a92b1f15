"""A network, a recipe and parts of the digits that take seconds."""

from gxnor_snn.data import Dataset
from gxnor_snn.models import DiscreteNet, mlp
from gxnor_snn.train import Recipe

RECIPE = Recipe(epochs=2, batch_size=50, lr=(0.05, 1e-3), float_lr=(0.01, 1e-3), betas=(0.99, 0.999))


def small(seed: int = 0) -> DiscreteNet:
    return mlp((1, 8, 8), [32], 10, seed=seed)


def few(digits: Dataset, n: int) -> Dataset:
    return Dataset("few", digits.x_train[:n], digits.y_train[:n], digits.x_test, digits.y_test)
