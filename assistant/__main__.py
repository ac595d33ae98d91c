"""A command line of `python -m assistant` in, out as `assistant`."""

from .program import main

main()
