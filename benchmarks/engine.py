"""The native engine against the field on the same cores, and against the machine's own limit.

    python benchmarks/engine.py --trained runs/training/mnist-sharp-0.safetensors     every row, about ten minutes
    python benchmarks/engine.py dense conv                                           some rows
    python benchmarks/engine.py --table | --summary                                  what is recorded, as Markdown

Writes results/engine.json row by row; rows recorded earlier are kept, each with its own provenance. Time runs from
the input array to the finished trace with basic counts, after planning; the field starts from ready float32 (int8)
arrays and counts nothing, but for NeuroBench. Runs take turns; figures are medians, ratios are medians over the
rounds. Rows run with one thread and with two. The field beyond torch is optional (what is missing is left out, and
it is said how to install it):

    pip install snntorch==1.0.0 neurobench==2.3.0 onnxruntime==1.31.1 onnx ml_dtypes
    pip install --no-deps spikingjelly==2.0.0     and torchvision, torchaudio, h5py, loguru

glibc is told to keep freed memory, which helps libraries that allocate their results anew.
"""

import argparse
import json
import logging
import os
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import engine_field as field
import engine_own as own
from engine_table import summary, table
from engine_timing import Setting
from record import RESULTS, command

from gxnor_snn.files import write_json
from gxnor_snn.provenance import provenance

KEEP_MEMORY = {"MALLOC_TRIM_THRESHOLD_": "2000000000", "MALLOC_MMAP_THRESHOLD_": "2000000000"}
PATH = RESULTS / "engine.json"

Row = Callable[[Setting], dict[str, Any]]
ROWS: dict[str, tuple[Row, int, tuple[int, ...]]] = {
    "dense": (field.dense, 15, (1, 2)),
    "conv": (field.conv, 5, (1, 2)),
    "vgg": (field.vgg, 3, (1, 2)),
    "lenet": (field.lenet, 3, (1, 2)),
    "one": (field.one, 15, (1,)),
    "overhead": (own.overhead, 15, (1,)),
    "floor": (own.floor, 15, (1,)),
    "counting": (own.counting, 7, (1, 2)),
    "zeros": (own.zeros, 5, (1, 2)),
    "memory": (own.memory, 1, (1, 2)),
}
"""What runs, in how many rounds, with which numbers of threads."""


def recorded() -> dict[str, Any]:
    """Rows of earlier runs."""
    rows: dict[str, Any] = json.loads(PATH.read_text()) if PATH.exists() else {}
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", choices=[*ROWS, []], help="all where none is given")
    parser.add_argument("--trained", type=Path, help="checkpoint of a trained lenet for MNIST")
    parser.add_argument("--threads", type=int, nargs="+", help="in place of one and two")
    parser.add_argument("--rounds", type=int, help="in place of each row's own number")
    parser.add_argument("--cpu", action="store_true", help="CPU time, for one thread on a busy machine")
    parser.add_argument("--table", action="store_true", help="print what is recorded and run nothing")
    parser.add_argument("--summary", action="store_true", help="print the ratios recorded and run nothing")
    arguments = parser.parse_args()
    if arguments.table or arguments.summary:
        print(table(recorded()) if arguments.table else summary(recorded()))
        return
    if not os.environ.keys() >= KEEP_MEMORY.keys():  # read when a process starts
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **KEEP_MEMORY})
    warnings.simplefilter("ignore")  # of the field
    logging.disable(logging.WARNING)
    for name in arguments.rows or ROWS:
        row, rounds, threads = ROWS[name]
        for number in arguments.threads or threads:
            print(f"{name}, {number} thread{'s' * (number > 1)}", flush=True)
            clock = time.process_time if arguments.cpu else time.perf_counter
            figures = row(Setting(number, arguments.rounds or rounds, arguments.trained, clock))
            versions = figures.pop("versions", {})
            checkpoint = arguments.trained.name if arguments.trained else None
            facts = {
                "command": command(),
                "rounds": arguments.rounds or rounds,
                "clock": clock.__name__,
                "trained": checkpoint,
                **versions,
            }
            rows = recorded()
            part = {**rows.get(name, {}), str(number): {"figures": figures, "provenance": provenance(**facts)}}
            write_json(PATH, {n: {**rows, name: part}[n] for n in ROWS if n in {**rows, name: part}})
            print(table({name: {str(number): part[str(number)]}}), flush=True)


if __name__ == "__main__":
    main()
