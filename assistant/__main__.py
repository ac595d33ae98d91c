"""A command line in, an exit code out; Ctrl-C ends it with a word also while it is still being loaded."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Load the command line and run it."""
    _fill_closed_streams()
    try:
        from .doors.cli import main as run

        run()
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        sys.exit(130)


def _fill_closed_streams() -> None:
    """Join a standard stream that is closed to nobody's: else the next file opened would get its number."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            nobody = os.open(os.devnull, os.O_RDWR)
            if nobody != number:
                os.dup2(nobody, number)
                os.close(nobody)
            setattr(sys, name, os.fdopen(number, mode))


if __name__ == "__main__":
    main()
