"""`python -m sandbox.tether COMMAND…`: become the command, and end with whoever started it.

A supervisor that is killed, or whose terminal is closed, can't stop its children; on Linux the
kernel does it.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def end_with_parent(signum: signal.Signals = signal.SIGTERM) -> None:
    """Have the kernel send the signal to this process when its parent ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signum)


if __name__ == "__main__":
    end_with_parent()
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 - what our own callers ask for
