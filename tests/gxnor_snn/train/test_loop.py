import numpy as np
import pytest
import torch
from torch import nn

from gxnor_snn.data import Dataset
from gxnor_snn.errors import GxnorError, InputError, RecipeError
from gxnor_snn.layers import discrete_parameters
from gxnor_snn.models import DiscreteNet, lenet, mlp
from gxnor_snn.spaces import DiscreteSpace
from gxnor_snn.train import Augmentation, EpochRecord, Recipe, Transitions, augment, evaluate, fit
from gxnor_snn.train.optimizers import Optimizers

from .small_runs import RECIPE, few, small


def test_a_short_training_reads_the_digits(digits: Dataset) -> None:
    net = lenet((1, 8, 8), channels=(16, 32), hidden=64, kernel=3, padding=1)
    history = fit(net, digits, RECIPE.replace(epochs=15, lr=(0.05, 3e-4)))
    assert evaluate(net, digits.x_test, digits.y_test) >= 0.93
    losses = [record.loss for record in history.epochs]
    assert losses[-1] < losses[0] / 4
    assert history.epochs[-1].flips < history.epochs[0].flips / 10  # it freezes
    for p in discrete_parameters(net):
        assert p.dtype == torch.int8
        assert np.isin(p.unique().numpy(), DiscreteSpace(1).levels).all()


def test_augmentation_rests_in_the_last_epochs(digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def watched(images: torch.Tensor, settings: Augmentation, generator: torch.Generator) -> torch.Tensor:
        seen.append(len(images))
        return augment(images, settings, generator)

    monkeypatch.setattr("gxnor_snn.train.batches.augment", watched)
    data, recipe = few(digits, 100), RECIPE.replace(epochs=3, augment=Augmentation(shift=1), plain_epochs=2)
    first, second, plain = small(), small(), small()
    fit(first, data, recipe)
    assert seen == [50, 50]
    fit(second, data, recipe)
    assert torch.equal(first.fc1.levels, second.fc1.levels)
    fit(plain, data, recipe.replace(plain_epochs=3))
    assert len(seen) == 4
    unchanged = small()
    fit(unchanged, data, recipe.replace(plain_epochs=0, augment=None))
    assert torch.equal(plain.fc1.levels, unchanged.fc1.levels)
    assert not torch.equal(first.fc1.levels, unchanged.fc1.levels)


def test_label_smoothing_keeps_the_logits_small(digits: Dataset) -> None:
    losses = []
    for smoothing in (0.0, 0.3):
        recipe = RECIPE.replace(loss="cross_entropy", epochs=3, label_smoothing=smoothing)
        losses.append(fit(small(), few(digits, 300), recipe).epochs[-1].loss)
    assert losses[1] > losses[0] + 0.3


@pytest.mark.parametrize("loss", ["squared_hinge", "cross_entropy"])
def test_the_same_seed_gives_the_same_weights(digits: Dataset, loss: str) -> None:
    nets = [small() for _ in range(3)]
    recipes = [RECIPE.replace(loss=loss), RECIPE.replace(loss=loss), RECIPE.replace(loss=loss, seed=1)]
    histories = [fit(net, few(digits, 300), recipe) for net, recipe in zip(nets, recipes, strict=True)]
    states = [net.state_dict() for net in nets]
    assert histories[0].epochs == histories[1].epochs
    assert all(torch.equal(states[0][k], states[1][k]) for k in states[0])
    assert not torch.equal(states[0]["fc1.levels"], states[2]["fc1.levels"])


def test_nothing_reads_the_global_generators(digits: Dataset) -> None:
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    fit(small(), few(digits, 100), RECIPE.replace(n_validation=20))
    assert torch.equal(torch_state, torch.get_rng_state())
    np.testing.assert_array_equal(numpy_state, np.random.get_state()[1])  # noqa: NPY002


def test_what_draws_from_the_global_generators_draws_from_the_run_s(digits: Dataset) -> None:
    """Dropout, whatever was drawn before; and who draws afterwards does not notice."""
    data, nets = few(digits, 300), []
    for seed in (1, 2):
        torch.manual_seed(seed)
        nets.append(nn.Sequential(small(), nn.Dropout(0.5)))
        before = torch.get_rng_state()
        fit(nets[-1], data, RECIPE)
        assert torch.equal(torch.get_rng_state(), before)
    other = nn.Sequential(small(), nn.Dropout(0.5))
    fit(other, data, RECIPE.replace(seed=7))
    first, second, third = (net[0].fc1.levels for net in (*nets, other))
    assert torch.equal(first, second)
    assert not torch.equal(first, third)


def test_after_an_error_the_network_can_be_trained_again(digits: Dataset) -> None:
    def stop(record: EpochRecord) -> None:
        raise ArithmeticError

    net, data = small(), few(digits, 100)
    with pytest.raises(ArithmeticError) as held:  # which holds the frames, hence the optimiser of that run
        fit(net, data, RECIPE, on_epoch=stop)
    fit(net, data, RECIPE)
    assert held.traceback


def test_the_test_part_has_no_influence(digits: Dataset) -> None:
    data = few(digits, 200)
    other = Dataset("few", data.x_train, data.y_train, 255 - data.x_test, (data.y_test + 1) % 10)
    recipe = RECIPE.replace(n_validation=50, select="best")
    first, second = small(), small()
    assert fit(first, data, recipe).epochs == fit(second, other, recipe).epochs
    assert torch.equal(first.fc1.levels, second.fc1.levels)


def test_held_out_samples_are_not_trained_on(digits: Dataset) -> None:
    """With all labels of the held-out samples made wrong, training is the same and validation fails."""
    data, recipe = few(digits, 300), RECIPE.replace(n_validation=100, epochs=3)
    net = small()
    history = fit(net, data, recipe)
    order = torch.randperm(
        300, generator=torch.Generator().manual_seed(int(np.random.SeedSequence(0).generate_state(2)[0]))
    ).numpy()
    spoiled = data.y_train.copy()
    spoiled[order[200:]] = (spoiled[order[200:]] + 1) % 10
    twin = small()
    other = fit(twin, Dataset("few", data.x_train, spoiled, data.x_test, data.y_test), recipe)
    assert torch.equal(net.fc1.levels, twin.fc1.levels)
    assert [r.loss for r in history.epochs] == [r.loss for r in other.epochs]
    assert other.epochs[-1].validation_accuracy < 0.2 < history.epochs[-1].validation_accuracy


def test_the_best_epoch_is_kept(digits: Dataset) -> None:
    data = few(digits, 300)
    recipe = RECIPE.replace(epochs=6, lr=(0.5, 0.5), float_lr=(0.01, 0.01), n_validation=100, select="best")
    net = small()
    history = fit(net, data, recipe)
    accuracies = [record.validation_accuracy for record in history.epochs]
    assert accuracies[history.selected - 1] == max(accuracies)
    assert history.selected == 6 - accuracies[::-1].index(max(accuracies))  # the latest of equals
    stopped = small()
    partial = fit(stopped, data, recipe.replace(epochs=history.selected))
    assert partial.epochs == history.epochs[: history.selected]  # the rates are constant here
    assert torch.equal(net.fc1.levels, stopped.fc1.levels)


def test_the_history_records_what_happened(digits: Dataset) -> None:
    data, net = few(digits, 101), small()  # the last batch of one sample is left out
    before = net.fc1.levels.detach().clone()
    history = fit(net, data, RECIPE.replace(epochs=1))
    (record,) = history.epochs
    assert record.validation_accuracy is None
    assert record.lr == pytest.approx(1e-3)  # two steps: the first and the last rate
    weights = torch.cat([p.flatten() for p in discrete_parameters(net)])
    assert record.zero_fraction == pytest.approx(float((weights == 0).double().mean()))
    assert record.flips >= int((net.fc1.levels != before).sum()) > 0
    assert history.selected == 1
    assert not net.training


def test_learning_rates_fall_geometrically(digits: Dataset) -> None:
    history = fit(small(), few(digits, 100), RECIPE.replace(epochs=5, lr=(0.1, 1e-5)))
    rates = np.array([record.lr for record in history.epochs])
    np.testing.assert_allclose(np.diff(np.log(rates)), np.log(1e-4) * 2 / 9)
    assert rates[-1] == pytest.approx(1e-5)


def test_progress_shows_accuracy_zeros_and_flips(digits: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    fit(small(), few(digits, 100), RECIPE)
    assert capsys.readouterr() == ("", "")
    fit(small(), few(digits, 100), RECIPE.replace(n_validation=20), progress=True)
    shown = capsys.readouterr().err
    for word in ("2/2", "validation", "zeros", "flips"):
        assert word in shown


def test_the_recipe_s_threads_hold_while_training_only(digits: Dataset) -> None:
    seen = []

    class Watched(DiscreteNet):
        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            seen.append(torch.get_num_threads())
            return super().forward(pixels)

    net = small()
    net.__class__ = Watched
    before = torch.get_num_threads()
    fit(net, few(digits, 100), RECIPE.replace(threads=before + 1))
    assert set(seen) == {before + 1}
    assert torch.get_num_threads() == before


class Slope(nn.Module):
    """Ten logits that are linear in the pixels, without batch norm: gradients of batches add up."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(10, 64))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.flatten(1).float() / 16 @ self.weight.T


@pytest.mark.parametrize("clip", [None, 0.05])
def test_accumulated_batches_are_one_large_batch(digits: Dataset, clip: float | None) -> None:
    data, recipe = few(digits, 230), RECIPE.replace(clip_gradient=clip, loss="cross_entropy")
    large, small_ones = Slope(), Slope()
    history = fit(large, data, recipe.replace(batch_size=90))
    again = fit(small_ones, data, recipe.replace(batch_size=30, accumulate=3))
    torch.testing.assert_close(large.weight, small_ones.weight)
    assert [r.loss for r in history.epochs] == pytest.approx([r.loss for r in again.epochs], rel=1e-5)


def test_the_gradient_is_clipped_as_a_whole(digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """Adam hardly sees the size of gradients, so they are looked at where it takes them."""
    norms = []

    def note(self: torch.optim.AdamW) -> None:
        norms.append(float(self.param_groups[0]["params"][0].grad.norm()))

    monkeypatch.setattr(torch.optim.AdamW, "step", note)
    for limit in (None, 1e-3):
        fit(Slope(), few(digits, 100), RECIPE.replace(clip_gradient=limit, epochs=1))
    assert min(norms[:2]) > 0.01
    np.testing.assert_allclose(norms[2:], 1e-3, rtol=1e-4)


@pytest.mark.parametrize(("name", "value"), [("rule", "adagrad"), ("moments", "int3"), ("rounding", "round")])
def test_what_dst_does_not_know_is_named_in_the_recipe(name: str, value: str) -> None:
    with pytest.raises(RecipeError, match=f"DST: .*{name}.* is '{value}'; allowed are"):
        RECIPE.replace(dst={name: value})


def test_options_of_dst_reach_it(digits: Dataset) -> None:
    """A bias towards zero makes more zeros; a fused step gives the very weights of the other."""
    nets = {name: small() for name in ("plain", "fused", "biased")}
    changes = {"plain": {}, "fused": {"fused": True}, "biased": {"zero_bias": 3.0}}
    for name, net in nets.items():
        fit(net, few(digits, 300), RECIPE.replace(dst=Transitions(**changes[name]), epochs=3))
    zeros = {name: float((net.fc1.levels.detach() == 0).double().mean()) for name, net in nets.items()}
    assert torch.equal(nets["plain"].fc1.levels, nets["fused"].fc1.levels)
    assert zeros["biased"] > zeros["plain"] + 0.1


def test_a_recipe_without_betas_takes_those_of_the_rule() -> None:
    plain = {key: value for key, value in RECIPE.model_dump().items() if key != "betas"}
    for rule, betas in (("adam", (0.9, 0.999)), ("adamax_shift", (1 - 2**-3, 1 - 2**-10))):
        optimizers = Optimizers(small(), Recipe(**{**plain, "dst": {"rule": rule}}), seed=0)
        assert optimizers.members["dst"].param_groups[0]["betas"] == betas


def test_a_model_can_be_trained_again(digits: Dataset) -> None:
    net = small()
    for _ in range(2):
        fit(net, few(digits, 100), RECIPE)


def test_warm_up_and_cosine_reach_the_optimisers(digits: Dataset) -> None:
    recipe = RECIPE.replace(epochs=5, warmup=2, schedule="cosine", lr=(0.1, 0.01))
    rates = [record.lr for record in fit(small(), few(digits, 100), recipe).epochs]
    assert rates[:2] == pytest.approx([0.1 * 2 / 5, 0.1 * 4 / 5])
    assert rates[2] > rates[3] > rates[4]
    assert rates[4] == pytest.approx(0.01)


class Extra:
    """A penalty that pulls the scales of a batch norm to zero, and notes when it is asked."""

    def __init__(self, norm: nn.Module) -> None:
        self.norm, self.log = norm, []

    def __enter__(self) -> None:
        self.log.append("watch")

    def __exit__(self, *_: object) -> None:
        self.log.append("rest")

    def value(self, done: float) -> torch.Tensor:
        self.log.append(done)
        return 100 * self.norm.weight.square().sum()


def test_a_penalty_is_made_small_too(digits: Dataset) -> None:
    plain, pulled = small(), small()
    fit(plain, few(digits, 100), RECIPE)
    extra = Extra(pulled.bn1)
    fit(pulled, few(digits, 100), RECIPE, penalty=extra)
    assert extra.log == [word for k in range(4) for word in ("watch", "rest", k / 4)]
    sizes = [float(net.bn1.weight.detach().square().sum()) for net in (plain, pulled)]
    assert sizes[1] < sizes[0] - 0.5


def test_each_epoch_is_reported(digits: Dataset) -> None:
    records: list[EpochRecord] = []
    history = fit(small(), few(digits, 100), RECIPE, on_epoch=records.append)
    assert tuple(records) == history.epochs


def test_too_few_training_samples_are_named(digits: Dataset) -> None:
    with pytest.raises(RecipeError, match="n_validation = 100 leaves 0 of the 100 training samples of few"):
        fit(small(), few(digits, 100), RECIPE.replace(n_validation=100))


def test_more_classes_than_logits_are_named(digits: Dataset) -> None:
    with pytest.raises(InputError, match="label 9, the model gives 5 logits"):
        fit(mlp(64, [8], 5), few(digits, 100), RECIPE)


class LateNaN(nn.Module):
    """A loss that stays finite; the gradient of the last step does not."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(64, 10))
        self.left = steps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.left -= 1
        logits = x.flatten(1).float() @ self.weight
        return logits + (logits * 0).sqrt() if self.left == 0 else logits


def test_a_parameter_that_is_not_finite_is_named(digits: Dataset) -> None:
    recipe = RECIPE.replace(epochs=1, batch_size=50, n_validation=0, select="last")
    with pytest.raises(GxnorError, match="weight holds numbers that are not finite after epoch 1"):
        fit(LateNaN(2), few(digits, 100), recipe)


def test_a_loss_that_is_not_finite_is_named(digits: Dataset) -> None:
    net = small()
    with torch.no_grad():
        net.bn2.weight.fill_(float("inf"))
    with pytest.raises(GxnorError, match=r"the loss is (nan|inf) in epoch 1"):
        fit(net, few(digits, 100), RECIPE)
