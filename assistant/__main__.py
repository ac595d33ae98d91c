"""Entry point of the command line. Ctrl-C is handled even during imports."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Load and run the command line."""
    _fill_closed_streams()
    try:
        from .doors.cli import main as run

        run()
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        sys.exit(130)


def _fill_closed_streams() -> None:
    """Connect closed standard streams to /dev/null; otherwise the next file opened would take their numbers."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
                os.close(null)
            setattr(sys, name, os.fdopen(number, mode))


if __name__ == "__main__":
    main()
