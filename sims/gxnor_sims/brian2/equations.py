"""The Brian2 code: equations, threshold, reset and synapses as text, which depends on a few features only.

No number of a graph stands in the text; all are parameters of neurons and synapses. So compiled code serves every
graph with the same features. Everything is an integer: ``-ffast-math`` cannot change a result.

The number of events that reached a neuron and of XNOR operations in them are counted together, in the two halves
of one 64-bit integer: an event then costs two additions in memory and not three, which is a third of all time.
"""

from dataclasses import dataclass

__all__ = [
    "MAX_THRESHOLDS",
    "XNOR",
    "XNOR_BITS",
    "Features",
    "counters",
    "model",
    "on_pick",
    "on_pre",
    "reset",
    "synapse_model",
    "threshold",
    "wide",
]

MAX_THRESHOLDS = 256
XNOR_BITS = 32
XNOR = 1 << XNOR_BITS
"""What one XNOR operation adds to a tally; one event adds 1."""

_PER_TERM = 16  # comparisons per subexpression: Brian2 walks an expression recursively


@dataclass(frozen=True)
class Features:
    """What the code must be able to do.

    Attributes
    ----------
    thresholds
        Comparisons per neuron, a power of two.
    slots
        Counters of events per neuron.
    slotted
        Whether synapses say which counter is theirs; else all count in the first.
    planes
        Planes of a level that are looked at one by one; 0 where every level has at most one.
    weight_planes
        Planes of a weight: more than 1 where weights have several.
    picks
        Whether there are max or min pools.
    full
        Full counts: how XNOR outcomes balance, and which pairs of planes are open.
    firing
        "gated": in the gate's step. "arrival": once, as soon as something has arrived and a threshold is passed.
        "free": once, as soon as a threshold is passed.
    timed
        Whether each neuron keeps the step of its spike.
    real
        Sums are real numbers (for noise), compared half an integer below each threshold.
    """

    thresholds: int = 2
    slots: int = 1
    slotted: bool = False
    planes: int = 0
    weight_planes: int = 1
    picks: bool = False
    full: bool = False
    firing: str = "gated"
    timed: bool = False
    real: bool = False

    @property
    def keeps_time(self) -> bool:
        """Whether there is a variable for the step of the spike."""
        return self.timed or self.firing != "gated"


def counters(features: Features) -> list[str]:
    """Names of the counters that every neuron has; Brian2 adds to them, event by event."""
    names = [f"tally{s}" for s in _slots(features)]
    if features.full:
        names += [f"balance{s}" for s in _slots(features)]
        names += [f"pairs{s}_{j}_{k}" for s in _slots(features) for j, k in _pairs(features)]
    return names


def wide(features: Features) -> list[str]:
    """Names of the variables that hold two counts in 64 bits."""
    return [f"tally{s}" for s in _slots(features)] + (["unit", "xnor"] if features.planes else [])


def model(features: Features) -> str:
    """The neuron: its sum v, the level it sends, counters, and the parameters of its comparison."""
    sums = "1" if features.real else "integer"
    lines = [f"v : {sums}", "level : integer", "steps : integer (constant, shared)"]
    lines += ["xnor : integer (constant, shared)"] if features.planes else []
    lines += ["step = timestep(t, dt) % steps : integer (shared)"]
    parameters = ["gate", "relay", "polarity", "base"]
    parameters += ["area"] if features.picks else []
    parameters += ["low", "high"] if features.real else []
    parameters += ["need"] if features.firing == "arrival" else []
    parameters += ["all_planes"] if features.planes else []
    parameters += ["offset"] if features.full else []
    parameters += [f"{stem}{k}" for k in range(1, features.thresholds + 1) for stem in ("threshold", "jump")]
    lines += [f"{name} : integer (constant)" for name in parameters]
    state = counters(features) + (["fired"] if features.keeps_time else [])
    state += ["unit"] if features.planes else []
    state += ["signs", *(f"plane{j}" for j in range(features.planes))] if features.full else []
    lines += [f"{name} : integer" for name in state]
    lines += [f"events{s} = tally{s} % {XNOR} : integer" for s in _slots(features)]  # for monitors
    groups = range(1, features.thresholds + 1, _PER_TERM)
    climb = ["base"]
    for number, first in enumerate(groups):
        climb += [_step_up(k, features) for k in range(first, min(first + _PER_TERM, features.thresholds + 1))]
        if number < len(groups) - 1:  # a chain: Brian2 writes independent subexpressions in any order
            lines += [f"climb{number} = {' + '.join(climb)} : integer"]
            climb = [f"climb{number}"]
    lines += [f"answer = relay*{_passed_on(features)} + {' + '.join(climb)} : integer"]
    return "\n".join(lines)


def _passed_on(features: Features) -> str:
    """What a relay sends: its sum; where it picks, 0 if the best is below 0 and not every source has spoken."""
    total = f"v*(1 - int(v < 0)*int({_arrived(features)} < area))" if features.picks else "v"
    return f"int(clip(floor({total} + 0.5), low, high))" if features.real else total


def _step_up(k: int, features: Features) -> str:
    half = " - 0.5" if features.real else ""
    return f"jump{k}*int(polarity*v >= threshold{k}{half})"


def threshold(features: Features) -> str:
    """When a neuron sends its level."""
    if features.firing == "gated":
        return "step == gate and answer != 0"
    arrived = f" and {_arrived(features)} >= need" if features.firing == "arrival" else ""
    return f"step >= gate and fired < 0{arrived} and answer != 0"


def reset(features: Features) -> str:
    """What a neuron keeps when it sends; Brian2 runs this before the synapses, which read the level."""
    lines = ["level = answer"] + (["fired = step"] if features.keeps_time else [])
    if not features.planes:
        return "\n".join(lines)
    # Bits from the top: of twice the magnitude, or of level + 2^M - 1, which is twice the code of {-1, +1} planes.
    signed = "level*(2*int(level > 0) - 1)*2"
    lines += [
        f"rest = {signed} + int(all_planes > 0)*(level + offset - {signed})"
        if features.full
        else f"rest = {signed}"
    ]
    flags = [f"flag{j}" for j in range(features.planes)]
    for j in reversed(range(features.planes)):
        lines += [f"{flags[j]} = int(rest >= {2 << j})", f"rest = rest - {2 << j}*{flags[j]}"]
    bits = " + ".join(flags)
    one = 0 if features.weight_planes > 1 else 1
    lines += [f"unit = {one} + xnor*(all_planes + int(all_planes == 0)*({bits}))"]
    if features.full:  # a {-1, +1} plane is never zero
        lines += [f"signs = (2*int(level > 0) - 1)*({bits})"]
        lines += [f"signs = signs + int(all_planes > 0)*(2*({bits}) - all_planes - signs)"]
        lines += [
            f"plane{j} = int(all_planes > {j}) + int(all_planes == 0)*{flag}" for j, flag in enumerate(flags)
        ]
    return "\n".join(lines)


def synapse_model(features: Features) -> str:
    """Parameters of a synapse that adds; `w` is no constant, so that plasticity may change it."""
    lines = ["w : 1" if features.real else "w : integer"]
    names = ["slot"] if features.slotted else []
    names += ["weight_ones"] if features.planes and features.weight_planes > 1 else []
    names += ["weight_signs"] if features.full else []
    names += [f"weight_plane{k}" for k in range(features.weight_planes)] if features.full else []
    return "\n".join(lines + [f"{name} : integer (constant)" for name in names])


def on_pre(features: Features) -> str:
    """What a spike does at a synapse that adds: one run of this is one event."""
    lines = ["v_post += w*level_pre"]
    event = "1"
    if features.planes:
        event = "(1 + unit_pre*weight_ones)" if features.weight_planes > 1 else "unit_pre"
    for s in _slots(features):
        here = f"*int(slot == {s})" if features.slotted else ""
        lines += [f"tally{s}_post += {event}{here}"]
        if features.full:
            lines += [f"balance{s}_post += signs_pre*weight_signs{here}"]
            lines += [f"pairs{s}_{j}_{k}_post += plane{j}_pre*weight_plane{k}{here}" for j, k in _pairs(features)]
    return "\n".join(lines)


def on_pick(features: Features) -> str:
    """What a spike does at a synapse of a max or min pool: the larger of w * level stays."""
    larger = "v_post = v_post + (w*level_pre - v_post)*int(w*level_pre > v_post)"
    return "\n".join([larger, "tally1_post += 1"])


def _slots(features: Features) -> range:
    return range(1, features.slots + 1)


def _pairs(features: Features) -> list[tuple[int, int]]:
    return [(j, k) for j in range(features.planes) for k in range(features.weight_planes)]


def _arrived(features: Features) -> str:
    """Something that is the number of events at a picking neuron, and above 0 at any that an event has reached."""
    return "(" + " + ".join(f"tally{s}" for s in _slots(features)) + ")"
