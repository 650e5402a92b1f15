"""Run a net of lines and compartments in SANA-FE: read a JSON file, write what happened as JSON.

Called by ``sanafe_compare.py`` with the Python of an environment that holds `sanafe` (GPL-3, so nothing of it is
here; this file needs no other package). A sample is one time step of input and as many steps as the net is deep.
"""

import json
import sys
from importlib.metadata import version
from importlib.resources import files

import sanafe


def build(net: dict) -> sanafe.SpikingChip:
    """The chip with its net."""
    architecture = sanafe.load_arch(files("sanafe.examples") / "loihi.yaml")
    cores = architecture.cores()
    network = sanafe.Network()
    inputs = network.create_neuron_group("input", net["inputs"], soma_hw_name="loihi_inputs[0]", log_spikes=True)
    for line in range(net["inputs"]):
        inputs[line].set_attributes(soma_hw_name=f"loihi_inputs[{line}]", model_attributes={"spikes": [0]})
        inputs[line].map_to_core(cores[net["input_core"]])
    groups = {"input": inputs}
    for layer in net["layers"]:
        group = network.create_neuron_group(
            layer["name"],
            len(layer["cores"]),
            model_attributes={"leak_decay": 0.0, "reset_mode": "hard", "reset": 0.0},
            soma_hw_name="loihi_lif",
            default_synapse_hw_name="loihi_sparse_synapse",
            default_dendrite_hw_name="loihi_dendrites",
            log_spikes=True,
            log_potential=not layer["sends"],
        )
        for number, core in enumerate(layer["cores"]):
            group[number].set_attributes(model_attributes={"threshold": layer["thresholds"][number]})
            group[number].map_to_core(cores[core])
        groups[layer["name"]] = group
        pairs = [tuple(pair) for pair in layer["pairs"]]
        groups[layer["source"]].connect_neurons_sparse(group, {"weight": layer["weights"]}, pairs)
    chip = sanafe.SpikingChip(architecture)
    chip.load(network)
    return chip


def run(chip: sanafe.SpikingChip, net: dict, sample: list, model: str) -> dict:
    """One sample with a timing model: a time step with input, then the rest."""
    chip.reset()
    mapped = chip.mapped_neuron_groups["input"]
    for line, fires in enumerate(sample):
        mapped[line].set_attributes(model_attributes={"spikes": [int(fires)] + [0] * 64})
    steps = []
    for _ in range(net["steps"]):
        found = chip.sim(1, timing_model=model, spike_trace=True, potential_trace=True, message_trace=True)
        messages = [m for m in found["message_trace"][0] if not m["placeholder"]]
        steps.append(
            {
                "energy": found["energy"],
                "sim_time": found["sim_time"],
                "events": found["spikes"],
                "packets": found["packets_sent"],
                "updated": found["neurons_updated"],
                "fired": found["neurons_fired"],
                "spikes": [str(address) for address in found["spike_trace"][0]],
                "potentials": found["potential_trace"][0],
                "hops_x": sum(abs(m["src_x"] - m["dest_x"]) for m in messages),
                "hops_y": sum(abs(m["src_y"] - m["dest_y"]) for m in messages),
                "messages": len(messages),
                "events_by_core": {
                    str(core): sum(m["spikes"] for m in messages if m["dest_core_id"] == core)
                    for core in {m["dest_core_id"] for m in messages}
                },
            }
        )
    return {"steps": steps}


def main() -> None:
    with open(sys.argv[1]) as file:
        net = json.load(file)
    chip = build(net)
    samples = [run(chip, net, sample, "detailed") for sample in net["samples"]]
    simple = [[s["sim_time"] for s in run(chip, net, sample, "simple")["steps"]] for sample in net["samples"]]
    with open(sys.argv[2], "w") as file:
        json.dump({"version": version("sanafe"), "samples": samples, "simple_s": simple}, file)


main()
