"""Coverage-guided fuzzing of file loading with atheris: ``make fuzz``, or ``python -m tests.fuzz.run graph``.

An input that raises anything but the documented error, takes longer than ten seconds, or more than a gigabyte is
kept in ``tests/fuzz/crashers``, where the everyday suite reads it from then on.
"""

import argparse
import sys
import tempfile
from pathlib import Path

try:
    import atheris
except ModuleNotFoundError:
    sys.exit("fuzzing needs atheris; install it with: pip install 'gxnor-snn[fuzz]'")

with atheris.instrument_imports(include=["gxnor_snn"]):
    import gxnor_snn.train  # noqa: F401 - what targets import later would not be watched
    from tests.fuzz import targets
    from tests.fuzz.mutation import mutated

CRASHERS = Path(__file__).parent / "crashers"


def main() -> None:
    """Fuzz one target until the time is up or an input breaks it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=sorted(targets.TARGETS))
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--corpus", type=Path, help="folder of inputs to keep between runs")
    options = parser.parse_args()
    corpus = options.corpus or Path(tempfile.mkdtemp(prefix="gxnor-corpus-"))
    corpus.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(targets.seeds(options.target)):
        (corpus / f"seed{number}").write_bytes(data)
    target = targets.TARGETS[options.target]

    def once(data: bytes) -> None:
        target(data)

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        return mutated(data, seed, atheris.Mutate, most)

    arguments = [
        sys.argv[0],
        str(corpus),
        f"-max_total_time={options.seconds}",
        f"-artifact_prefix={CRASHERS / options.target}/",
        *("-timeout=10", "-rss_limit_mb=1024", "-max_len=65536", "-print_final_stats=1", "-verbosity=1"),
    ]
    atheris.Setup(arguments, once, custom_mutator=mutate, enable_python_coverage=True)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
