"""The memory of this process."""

import resource
import sys
from pathlib import Path


def resident() -> float:
    """Peak resident memory of this process so far, in bytes, not that of its parent."""
    status = Path("/proc/self/status")
    if status.exists():
        (peak,) = [line for line in status.read_text().splitlines() if "VmHWM" in line]
        return float(peak.split()[1]) * 1024
    peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(peak_bytes) * (1 if sys.platform == "darwin" else 1024)
