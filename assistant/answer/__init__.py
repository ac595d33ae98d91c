"""Hits in, an answer out: choosing, quoting, writing, composing."""
