"""`python -m eval` is `assistant eval`."""

import sys

from assistant.doors.cli import app

if __name__ == "__main__":
    app(["eval", *sys.argv[1:]])
