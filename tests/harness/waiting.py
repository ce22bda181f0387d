"""Waiting with a limit: tests and demo never sleep for a guessed time."""

import time


class TooLong(AssertionError):
    """What was waited for did not come; the text says what was seen last."""


def wait_for(what, probe, seconds=15.0, every=0.05):
    """Call probe until it gives something true, and give that back.

    An AssertionError or LookupError of the probe counts as "not yet"."""
    end = time.monotonic() + seconds
    while True:
        last = None
        try:
            last = probe()
            if last:
                return last
        except (AssertionError, LookupError) as error:
            last = error
        if time.monotonic() > end:
            raise TooLong(f"{what}: not within {seconds:g} s; last seen: {last!r}")
        time.sleep(every)
