"""Writes the C++ project of a plan: ``python -m gxnor_sims.brian2.generate FOLDER``.

A process of its own, because the device that writes C++ is one per process and changes what every Brian2 object
does. It reads ``FOLDER/plan.pickle``, which the engine wrote just before, and leaves ``FOLDER/project``, with its
data, and ``FOLDER/project.json``, which says where the inputs enter and where results will lie.
"""

import json
import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np

from .equations import counters
from .loading import load_brian2, quiet
from .network import assemble
from .plan import Plan
from .wiring import START_OF_PICK

__all__ = ["generate"]


def generate(made: Plan, samples: int, folder: Path) -> None:
    """Write the C++ project that runs `samples` samples of a plan in one go."""
    with quiet():
        brian2 = load_brian2()
        device = _device(brian2)
        objects = assemble(brian2, made.wiring, made.gates, made.delays, made.features, None)
        window = made.gates.window * brian2.ms
        kept = ["v", "level", *counters(made.features)]
        inputs = brian2.TimedArray(np.zeros((samples, made.wiring.n_inputs)), dt=window, name="samples")
        others = np.arange(made.wiring.n_inputs, made.wiring.n_neurons)
        monitor = brian2.StateMonitor(
            objects.neurons, kept, record=others, dt=window, when="start", order=-2, name="kept"
        )
        cleared = [f"{name} = 0" for name in ("level", *counters(made.features))]
        start = f"{START_OF_PICK}*int(area > 0)" if made.features.picks else "0"
        objects.neurons.run_regularly(
            "\n".join([f"v = {start}", *cleared]), dt=window, when="start", order=-1, name="clear"
        )
        objects.neurons[: made.wiring.n_inputs].run_regularly(
            "v = int(samples(t, i))", dt=window, when="start", order=0, name="enter"
        )
        network = brian2.Network(*objects.all, monitor)
        # a step more, so that the monitor sees what the last sample left
        network.run(samples * window + brian2.ms, namespace={"samples": inputs})
        device.build(directory=str(folder / "project"), compile=False, run=False)
        variables = {name: monitor.variables[name] for name in kept}
        files = {name: [device.get_array_filename(v), np.dtype(v.dtype).name] for name, v in variables.items()}
    (folder / "project.json").write_text(json.dumps({"input": f"{inputs.name}.values", "results": files}))


def _device(brian2: Any) -> Any:
    brian2.set_device("cpp_standalone", build_on_run=False)
    return brian2.get_device()


def main(folder: Path) -> None:
    """Read the job, write the project."""
    with (folder / "plan.pickle").open("rb") as file:
        made, samples = pickle.load(file)
    generate(made, samples, folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
