"""`python -m eval.faults`: faults of every kind in turn, counted."""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from assistant.show.terminal import Screen

from ..tables import to_markdown
from . import damage, kills, machine, services
from .outcomes import Outcome, as_json, failures, table, write_page
from .scene import Scene

Fault = Callable[[Scene, random.Random, int], Outcome]
KINDS: dict[str, Fault] = {**kills.KINDS, **damage.KINDS, **machine.KINDS, **services.KINDS}
"""A kind of fault by its name: given the scene, a source of chance and the fault's number, what came of it."""


def run(
    scene: Scene,
    number: int,
    seed: int,
    kinds: Sequence[str],
    tell: Callable[[Outcome], object],
    keep: Path | None = None,
) -> list[Outcome]:
    """So many faults, the kinds in turn. Each depends on the seed, its kind and its number alone.

    `keep`: a folder to which the homes go that did not pass.
    """
    outcomes = []
    for count in range(number):
        kind, turn = kinds[count % len(kinds)], count // len(kinds)
        outcome = _tried(scene, kind, turn, seed)
        outcomes.append(outcome)
        tell(outcome)
        if keep and not outcome.passed and scene.broken.exists():
            shutil.copytree(scene.broken, keep / f"{kind}-{turn}", dirs_exist_ok=True)
        shutil.rmtree(scene.broken, ignore_errors=True)
    return outcomes


def _tried(scene: Scene, kind: str, turn: int, seed: int) -> Outcome:
    """A fault; what goes wrong in the harness itself is a problem, too, and does not end the run."""
    began = time.perf_counter()
    try:
        return KINDS[kind](scene, random.Random(f"{seed} {kind} {turn}"), turn)
    except Exception:
        problem = f"harness: {traceback.format_exc(limit=-3)}"
        return Outcome(kind, turn, "", time.perf_counter() - began, right=False, problems=(problem,))


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the faults, print the table and write it; 1 if any did not pass."""
    parser = argparse.ArgumentParser(prog="python -m eval.faults", description="Faults, counted.")
    parser.add_argument("--number", type=int, default=500, help="faults in all (500)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", nargs="+", choices=KINDS, default=[*KINDS], metavar="NAME", help=", ".join(KINDS))
    parser.add_argument("--folder", type=Path, help="where faults.json, faults.md and homes that did not pass go")
    parser.add_argument("--write", action="store_true", help="put the table into docs/faults.md")
    given = parser.parse_args(arguments)
    screen = Screen()
    for name in [name for name in os.environ if name.startswith("ASSISTANT_")]:
        del os.environ[name]
    with tempfile.TemporaryDirectory(prefix="faults-") as folder, Scene(Path(folder)) as scene:
        outcomes = run(scene, given.number, given.seed, given.kind, lambda one: _told(screen, one), keep=given.folder)
    screen.console.print(to_markdown(table(outcomes)), soft_wrap=True)
    if given.folder:
        given.folder.mkdir(parents=True, exist_ok=True)
        (given.folder / "faults.json").write_text(as_json(outcomes, seed=given.seed), encoding="utf-8")
        (given.folder / "faults.md").write_text(to_markdown(table(outcomes)) + failures(outcomes), encoding="utf-8")
    if given.write:
        write_page(outcomes, command=f"python -m eval.faults --number {given.number} --seed {given.seed}")
    return 0 if all(one.passed for one in outcomes) else 1


def _told(screen: Screen, one: Outcome) -> None:
    end = one.mended or ("harmless" if not one.harm else "not mended")
    screen.line(f"{one.kind} {one.number}: {one.what}; {end}, {one.seconds:.1f} s", style="" if one.passed else "red")
    if one.harm:
        screen.line(one.harm, first="    harm: ", rest="    ")
    screen.console.file.flush()
    for problem in one.problems:
        screen.line(problem, first="    ", rest="    ")


if __name__ == "__main__":
    sys.exit(main())
