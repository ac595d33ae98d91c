"""Faults, counted: what breaks a home in, what was lost, answered, named and mended out.

    python -m eval.faults --number 500 --seed 1 [--kind NAME ...] [--folder OUT]

Each fault is done to a copy of a small home in processes of its own, which are forked from one that has imported
everything and opened nothing. Then the home is opened again and asked, and the outcome is counted by kind.

    outcomes.py  what is counted: the outcome of a fault, the table, the page docs/faults.md
    apart.py     functions in processes of their own, to be killed and to be asked what they acknowledged
    scene.py     the home that is copied, and what must be true of a copy afterwards
    kills.py     kill -9 in an ingest, a rebuild, a migration, a sync, a conversation
    damage.py    files cut, deleted and overwritten
    machine.py   the disk full or read-only, the clock going back, two writers, a wrong model file
    proxy.py     a loopback proxy that refuses, stalls, slows, cuts and comes back
    services.py  PostgreSQL and Chroma going away, in mid-ingest and in mid-answer

It needs a checkout: the doubles and the servers are those of the tests.
"""
