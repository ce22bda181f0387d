"""What all processes of a daemon need together, in MB of PSS: shared pages count once."""

import pathlib
import re
import time

from harness.desk import children


def pss_of(pid):
    """0 where there is no such process any more."""
    try:
        text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    found = re.search(r"^Pss:\s+(\d+) kB", text, re.M)
    return int(found[1]) / 1024 if found else 0


def role_of(line):
    found = re.search(r"--role[= ](\S+)", line)
    return "parser" if "parser" in line else found[1] if found else line.split(":")[0]


def processes(pid):
    """[(MB, role)] of a supervisor and everything below it."""
    return [(pss_of(pid), "supervisor"), *((pss_of(child), role_of(line)) for child, line in children(pid))]


def most(pid, seconds, pause=0.2):
    """(MB, [(MB, role)]) of the moment within so many seconds at which they had most."""
    end = time.monotonic() + seconds
    peak = (0, [])
    while time.monotonic() < end:
        now = processes(pid)
        peak = max(peak, (sum(size for size, _ in now), now), key=lambda found: found[0])
        time.sleep(pause)
    return peak


def show(peak, budget):
    total, found = peak
    print(f"idle: {total:.1f} MB PSS of {budget} in {len(found)} processes: "
          + ", ".join(f"{role} {size:.1f}" for size, role in sorted(found, reverse=True)))
