"""What all checks by scripts share: claims, patience, and a line for each case."""

import time

# Longest wait for something that takes about a second, on a busy machine.
PATIENCE_SECONDS = 90


class Failed(Exception):
    """A case that does not hold, and why."""


def expect(holds, message):
    if not holds:
        raise Failed(message)


def equal(what, found, wanted):
    expect(found == wanted, f"{what}: {found!r:.2000}, not {wanted!r:.2000}")


def attempt(name, check):
    """Runs a case and prints its line. Whether it holds."""
    started = time.monotonic()
    try:
        check()
        outcome, reason = "ok", ""
    except Exception as error:  # pylint: disable=broad-except
        # A case that cannot even be carried out has failed too, e.g. a field that is missing.
        text = str(error) if isinstance(error, Failed) else f"{type(error).__name__}: {error}"
        outcome, reason = "FAILED", f": {text}"
    took = time.monotonic() - started
    print(f"{outcome:6} {name.replace('_', ' ')} ({took:.1f} s){reason}", flush=True)
    return outcome == "ok"


def count(held):
    """Prints how many cases held and how many did not, from whether each did. The exit code."""
    failed = held.count(False)
    print(f"{len(held) - failed} passed, {failed} failed", flush=True)
    return 1 if failed else 0
