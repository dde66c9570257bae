"""How often this process looks for garbage that only the collector finds.

Python's habit, a look through everything whenever enough is new, suits a script. In a server that has loaded
150,000 objects for good, each look takes 20 ms, during which nobody is served.
"""

from __future__ import annotations

import gc

# A turn leaves next to nothing that goes in circles, so there is no hurry: how many objects more than at the last look
# make a look at the youngest, then how many such looks make one at the older, and at all.
_THRESHOLDS = (50_000, 20, 100)


def collect_rarely() -> None:
    """Leave what there is alone for good, and look at what comes later now and then. Once all is loaded."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
