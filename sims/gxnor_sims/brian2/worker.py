"""One of several processes of a large job: ``python -m gxnor_sims.brian2.worker FOLDER``.

It reads ``FOLDER/job.pickle``, which the engine wrote just before, and leaves ``FOLDER/trace.pickle``. A module of
its own, so that it is not imported twice.
"""

import sys
from pathlib import Path

from .shared import work

if __name__ == "__main__":
    work(Path(sys.argv[1]))
