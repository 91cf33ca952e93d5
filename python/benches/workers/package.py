"""Package: makes `autoaugment`, and the protocols of benches/peers and benches/files, importable for our workers."""

import os
import pathlib
import sys

BENCHES = pathlib.Path(__file__).resolve().parents[3] / "benches"

sys.path[1:1] = [
    os.environ["AUTOAUGMENT_BENCHES_PACKAGE"],
    str(BENCHES / "peers" / "workers"),
    str(BENCHES / "files" / "workers"),
]
