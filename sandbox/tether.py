"""`python -m sandbox.tether COMMAND…`: run a command, and end it when it should end.

A supervisor signals whole process groups: django-q's cluster hangs when its children get the signal
too, so only the command itself is told. And a supervisor that is killed, or whose terminal is
closed, can't stop its children; on Linux the kernel does it.
"""

import ctypes
import signal
import subprocess
import sys

PR_SET_PDEATHSIG = 1


def end_with_parent(signum: signal.Signals = signal.SIGTERM) -> None:
    """Have the kernel send the signal to this process when its parent ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signum)


def main(command: list[str]) -> int:
    """Run the command in a process group of its own; return its exit code."""
    end_with_parent()
    process = subprocess.Popen(  # noqa: S603 - what our own callers ask for
        command,
        process_group=0,
        preexec_fn=end_with_parent,  # noqa: PLW1509 - no thread runs here
    )
    for request in (signal.SIGTERM, signal.SIGINT):
        signal.signal(request, lambda signum, frame: process.terminate())
    return process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
