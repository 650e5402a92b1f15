"""The other side of the speed comparison in `crossbar.py`: aihwkit on the same network, in its own interpreter.

aihwkit's wheel runs with one version of torch only (1.1.0: torch 2.10.0; with 2.9.1 it does not load, with 2.13.0
it says "weights must be a CPU tensor"), so it gets a virtual environment of its own:
``pip install torch==2.10.0 numpy scipy scikit-learn requests tqdm protobuf`` and
``pip install --no-deps aihwkit==1.1.0``. This file needs nothing of gxnor-snn. It reads a network and images from
an .npz file, programs the network, and then answers each line "BATCH" on its standard input by one run over all
images.
"""

import json
import sys
import time
import warnings

import numpy as np
import torch
from torch import Tensor, nn

warnings.simplefilter("ignore")

from aihwkit.inference.noise.reram import ReRamWan2022NoiseModel  # noqa: E402
from aihwkit.nn import AnalogConv2dMapped, AnalogLinearMapped, AnalogSequential  # noqa: E402
from aihwkit.simulator.configs import InferenceRPUConfig, TorchInferenceRPUConfig  # noqa: E402
from aihwkit.simulator.parameters import BoundManagementType, NoiseManagementType, WeightNoiseType  # noqa: E402

READ_NOISE = 0.01 * 2**0.5  # of two cells with 1 % of the largest conductance each
TYPICAL_DRIVEN = 60  # rows of a tile of 128 that ternary activations drive, for the tile without weight noise


def config(tile: str, bound: float, pixels: bool):
    """Tiles of 128 inputs, 8-bit converters whose step is one weight unit where sums allow, NeuRRAM's noise."""
    made = InferenceRPUConfig() if tile == "cpp" else TorchInferenceRPUConfig()
    made.mapping.max_input_size, made.mapping.max_output_size = 128, 0
    made.mapping.weight_scaling_omega = 0.0
    forward = made.forward
    forward.inp_res = forward.out_res = 1 / 254
    forward.out_bound, forward.out_noise, forward.inp_noise = bound, 0.0, 0.0
    forward.noise_management = NoiseManagementType.ABS_MAX if pixels else NoiseManagementType.NONE
    forward.bound_management = BoundManagementType.NONE
    if tile == "cpp":
        forward.w_noise, forward.w_noise_type = READ_NOISE, WeightNoiseType.ADDITIVE_CONSTANT
    else:  # this tile refuses weight noise: noise of the same size on its outputs
        forward.out_noise = READ_NOISE * TYPICAL_DRIVEN**0.5
    made.noise_model = ReRamWan2022NoiseModel(g_max=40.0)
    made.drift_compensation = None
    return made


class Threshold(nn.Module):
    """Ternary levels of sums, compared at half-integers."""

    def __init__(self, thresholds: np.ndarray, increasing: np.ndarray, ndim: int) -> None:
        super().__init__()
        shape = (-1,) + (1,) * (ndim - 2)
        sign = np.where(increasing, 1.0, -1.0)
        self.sign = torch.tensor(sign, dtype=torch.float32).reshape(shape)
        self.at = [
            torch.tensor(sign * t - 0.5, dtype=torch.float32).reshape(shape)
            for t in thresholds.T.astype(np.float64)
        ]

    def forward(self, sums: Tensor) -> Tensor:
        signed = sums * self.sign
        levels = (signed >= self.at[0]).float()
        for at in self.at[1:]:
            levels += signed >= at
        return levels - 1


def build(net: "np.lib.npyio.NpzFile", tile: str) -> nn.Module:
    layers: list[nn.Module] = []
    for k in range(int(net["layers"])):
        weights = torch.tensor(net[f"weights{k}"], dtype=torch.float32)
        made = config(tile, float(net[f"bound{k}"]), pixels=k == 0)
        if weights.ndim == 4:
            layer = AnalogConv2dMapped(
                *weights.shape[1::-1], tuple(weights.shape[2:]), bias=False, rpu_config=made
            )
        else:
            if layers and not any(isinstance(m, nn.Flatten) for m in layers):
                layers.append(nn.Flatten())
            layer = AnalogLinearMapped(*weights.shape[::-1], bias=False, rpu_config=made)
        layer.set_weights(weights)
        layers.append(layer)
        if weights.ndim == 4:
            layers.append(nn.MaxPool2d(2))
        if f"thresholds{k}" in net:
            layers.append(Threshold(net[f"thresholds{k}"], net[f"increasing{k}"], weights.ndim))
    return AnalogSequential(*layers).eval()


def main() -> None:
    path, tile = sys.argv[1:]
    torch.set_num_threads(1)
    torch.manual_seed(0)
    net = np.load(path)
    images, labels = torch.tensor(net["x"]), net["y"]
    scale, offset = net["scale"], net["offset"]
    model = build(net, tile)
    model.program_analog_weights()
    model.drift_analog_weights(1.0)
    import aihwkit

    print(json.dumps({"aihwkit": aihwkit.__version__, "torch": torch.__version__}), flush=True)
    for line in sys.stdin:
        batch = int(line)
        wall, cpu, right = time.perf_counter(), time.process_time(), 0
        with torch.no_grad():
            for start in range(0, len(images), batch):
                logits = model(images[start : start + batch].float()).numpy() * scale + offset
                right += int((logits.argmax(1) == labels[start : start + batch]).sum())
        found = {
            "seconds": time.perf_counter() - wall,
            "cpu_seconds": time.process_time() - cpu,
            "accuracy": right / len(labels),
        }
        print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
