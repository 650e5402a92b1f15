import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from gxnor_snn.errors import CheckpointError, InputError
from gxnor_snn.files import read_tensors, write_tensors
from gxnor_snn.layers import DiscreteParameter
from gxnor_snn.models import METHODS, DiscreteNet, lenet, mlp
from gxnor_snn.train import EpochRecord, History, load_checkpoint, save_checkpoint
from gxnor_snn.train.checkpoint import read_checkpoint


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "net.safetensors"


def small(n1: int = 1) -> DiscreteNet:
    """A small network whose batch norms are not in their first state."""
    net = mlp((1, 3, 4), [7], 3, n1=n1, seed=4)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, value in [*net.named_parameters(), *net.named_buffers()]:
            if not isinstance(value, DiscreteParameter):
                value.copy_(torch.rand(value.shape, generator=generator) + ("var" in name))
    return net


PIXELS = torch.randint(0, 256, (9, 3, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("n1", [0, 1, 2, 7, 8])
def test_a_checkpoint_gives_the_same_network(file: Path, n1: int) -> None:
    net = small(n1)
    save_checkpoint(file, net)
    loaded = load_checkpoint(file)
    assert not loaded.training
    assert loaded.spec == net.spec
    assert torch.equal(loaded(PIXELS), net.eval()(PIXELS))
    assert isinstance(loaded.fc1.levels, DiscreteParameter)
    assert loaded.fc1.levels.dtype == (torch.int8 if n1 < 8 else torch.int16)


@pytest.mark.parametrize("method", METHODS)
def test_every_method(file: Path, method: str) -> None:
    net = lenet((1, 8, 8), 3, channels=(4, 4), hidden=5, kernel=3, padding=1, seed=2, **METHODS[method])
    images = torch.randint(0, 256, (9, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    net.train()(images)  # batch norms leave their first state
    save_checkpoint(file, net)
    loaded = load_checkpoint(file)
    assert torch.equal(loaded(images), net.eval()(images))


def test_draws_of_layers_go_on(file: Path) -> None:
    """Stochastic layers count their draws in a buffer of integers."""
    keywords = {**METHODS["bnn"], "stochastic_weights": True, "stochastic_activations": True}
    net = mlp((1, 3, 4), [7], 3, seed=4, **keywords)
    for _ in range(3):
        net.train()(PIXELS)
    save_checkpoint(file, net)
    loaded = load_checkpoint(file).train()
    assert torch.equal(loaded(PIXELS), net(PIXELS))


def test_history_and_metadata_come_back(file: Path) -> None:
    history = History((EpochRecord(1, 0.1, 0.5, 0.7, None, 0.3, 12),), 1, 2.5)
    save_checkpoint(file, small(), history=history, metadata={"data": "digits", "accuracy": 0.98})
    checkpoint = read_checkpoint(file)
    assert checkpoint.history == history
    assert checkpoint.metadata == {"data": "digits", "accuracy": 0.98}


def test_ternary_weights_take_two_bits(file: Path) -> None:
    save_checkpoint(file, lenet())
    assert file.stat().st_size < 581_000 / 4 + 20_000
    tensors, _ = read_tensors(file, kind="gxnor-checkpoint", what="checkpoint", error=CheckpointError)
    assert tensors["fc1.levels"].dtype == np.uint8
    assert tensors["fc1.levels"].shape == (512 * 1024 // 4,)


def test_other_models_and_notes_are_refused(file: Path) -> None:
    with pytest.raises(InputError, match="got Sequential"):
        save_checkpoint(file, nn.Sequential())  # type: ignore[arg-type]
    with pytest.raises(InputError, match="JSON-able"):
        save_checkpoint(file, small(), metadata={"array": np.zeros(2)})
    assert not file.exists()


def refused(file: Path, message: str) -> None:
    with pytest.raises(CheckpointError, match=message) as caught:
        load_checkpoint(file)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named(file: Path) -> None:
    refused(file, "does not exist")


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.999])
def test_a_cut_file_is_noticed(file: Path, share: float) -> None:
    save_checkpoint(file, small())
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * share)])
    refused(file, "checkpoint")


def test_any_flipped_byte_is_noticed(file: Path) -> None:
    save_checkpoint(file, small())
    content = file.read_bytes()
    for position in range(0, len(content), 37):
        damaged = bytearray(content)
        damaged[position] ^= 1
        file.write_bytes(bytes(damaged))
        with pytest.raises(CheckpointError):
            load_checkpoint(file)


def rewritten(file: Path, change) -> None:
    """Write a checkpoint that is whole, but whose content `change` has altered."""
    save_checkpoint(file, small())
    tensors, texts = read_tensors(file, kind="gxnor-checkpoint", what="checkpoint", error=CheckpointError)
    change(tensors, texts)
    write_tensors(file, tensors, texts)


def spec(**kwargs: object):
    def change(tensors, texts) -> None:
        given = json.loads(texts["spec"])
        given["kwargs"].update(kwargs)
        texts["spec"] = json.dumps(given)

    return change


def entry(name: str, value: str):
    return lambda tensors, texts: texts.update({name: value})


def tensor(name: str, value: np.ndarray):
    return lambda tensors, texts: tensors.update({name: value})


HOSTILE = [
    (entry("kind", "gxnor-graph"), "kind is 'gxnor-graph'"),
    (entry("version", "2"), "version is '2', this program reads '1'"),
    (lambda tensors, texts: texts.pop("version"), "version is None"),
    (lambda tensors, texts: texts.pop("spec"), "'spec' is missing"),
    (entry("spec", "{"), "checkpoint"),
    (entry("spec", "[]"), "checkpoint"),
    (entry("spec", "[" * 100_000), "checkpoint"),
    (entry("spec", '{"factory": "os.system", "kwargs": {}}'), "'os.system' is unknown"),
    (entry("spec", '{"factory": [], "kwargs": {}}'), "checkpoint"),
    (entry("spec", '{"factory": "mlp", "kwargs": 3}'), "checkpoint"),
    (entry("history", '{"epochs": [{}]}'), "checkpoint"),
    (entry("history", "7"), "checkpoint"),
    (entry("history", '{"epochs": [], "selected": "x", "seconds": 1.0}'), "selected: Input should be"),
    (entry("history", '{"epochs": [], "selected": 1, "seconds": 1.0}'), "epoch 1 of 0 is selected"),
    (entry("spec", '{"factory": "resnet", "kwargs": {"depth": 600000002}}'), "depth is 600000002"),
    (tensor("bn1.bias", np.full(7, np.nan, dtype=np.float32)), "bn1.bias holds numbers that are not finite"),
    (tensor("bn1.running_var", np.full(7, -0.5, dtype=np.float32)), r"bn1\.running_var holds -0\.5; allowed are"),
    (entry("metadata", "7"), "checkpoint"),
    (spec(depth=3), "does not take these arguments"),
    (spec(hidden=[8]), "fc1.levels|fc2.levels|bn1"),
    (spec(hidden=[10**12]), "checkpoint"),
    (spec(hidden=[10**30]), "checkpoint"),
    (spec(hidden=5), "checkpoint"),
    (spec(hidden=["a"]), "checkpoint"),
    (spec(classes=-3), "at least 1"),
    (spec(in_features=[1, 10**7, 10**7]), "checkpoint"),
    (spec(r="wide"), "checkpoint"),
    (spec(seed="x"), "checkpoint"),
    (spec(n1=0), "levels outside"),
    (spec(n1=2), r"fc1\.levels is uint8"),
    (lambda tensors, texts: tensors.pop("bn1.bias"), "lacks tensor 'bn1.bias'"),
    (tensor("extra", np.zeros(2)), "unknown tensor 'extra'"),
    (tensor("bn1.bias", np.zeros(8, dtype=np.float32)), r"bn1\.bias is float32 of shape \(8,\)"),
    (tensor("bn1.bias", np.zeros(7)), r"bn1\.bias is float64"),
    (tensor("fc1.levels", np.full(21, 255, dtype=np.uint8)), "unused code 3"),
    (tensor("fc1.levels", np.zeros(20, dtype=np.uint8)), "20 bytes cannot be 84"),
    (tensor("fc1.levels", np.zeros((7, 12), dtype=np.int8)), "uint8 vector"),
]


@pytest.mark.parametrize(("change", "message"), HOSTILE)
def test_hostile_content_is_refused(file: Path, change, message: str) -> None:
    rewritten(file, change)
    refused(file, message)


@pytest.mark.parametrize(("norm", "name"), [("l1", "running_spread"), ("shift", "running_inverse")])
def test_negative_statistics_of_every_batch_norm_are_refused(file: Path, norm: str, name: str) -> None:
    net = mlp((1, 3, 4), [7], 3, norm=norm)
    net.get_buffer(f"bn2.{name}")[1] = -1e-3
    save_checkpoint(file, net)
    refused(file, f"bn2.{name} holds -0.001")


def test_rewriting_alone_changes_nothing(file: Path) -> None:
    rewritten(file, lambda tensors, texts: None)
    assert torch.equal(load_checkpoint(file)(PIXELS), small().eval()(PIXELS))
