"""Policy searches of `autoaugment` on a Ray cluster.

The module speaks to the command line only. `autoaugment search drive` gives jobs and takes outcomes, and each worker keeps
one `autoaugment search evaluate` process. The journal is all state: the same call goes on after any stop, and it loses only
the children that ran.

    autoaugment search proxy DATA --out proxy.json
    autoaugment search start --proxy proxy.json --journal search.journal --batches 12 --batch 150
    python3 -c 'import autoaugment_ray; autoaugment_ray.search("search.journal", "proxy.json")'
    autoaugment search policy --journal search.journal --out policy.json

Workers on other machines need the program and the proxy's two files under the same paths.
"""

from .driver import Driver, search
from .engine import Engine, EngineError

__all__ = ["Driver", "Engine", "EngineError", "search"]
