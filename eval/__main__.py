"""A command line in, a report out: `python -m eval` puts the sample questions to the assistant.

With `--questions FILE --corpus PATH...` it puts anybody's own questions over anybody's own listing files.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from assistant.chain import Assistant
from assistant.errors import AssistantError

from .main import EvaluationError, run
from .questions import read

HERE = Path(__file__).parent


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one evaluation and print its tables; 0, or 1 where it failed."""
    options = _options(arguments)
    try:
        questions = read(options.questions)
        # The library stays beside the report: the next run over the same files embeds nothing.
        with Assistant.open(options.folder / "library") as assistant:
            assistant.remove(*(paper.id for paper in assistant.papers()))
            rejects = assistant.ingest(*options.corpus).rejects
            if rejects:
                met = "; ".join(f"{r.source}:{r.line}: {r.reason}" for r in rejects[:3])
                raise EvaluationError(f"{len(rejects)} records of the corpus were rejected: {met}.")
            abstracts = {paper.title: paper.abstract for paper in assistant.papers()}
            report = run(
                assistant,
                questions,
                abstracts,
                folder=options.folder,
                against=options.against,
                name=options.questions.stem,
            )
    except AssistantError as error:
        print(f"eval: {error}", file=sys.stderr)
        return 1
    Console().print(report)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m eval", description="Put questions to the assistant and score its answers."
    )
    parser.add_argument(
        "--questions",
        type=Path,
        metavar="FILE",
        default=HERE / "sets/sample.jsonl",
        help="questions [default: the sample's]",
    )
    parser.add_argument(
        "--corpus",
        type=Path,
        nargs="+",
        metavar="PATH",
        default=sorted((HERE / "corpus").glob("*.txt")),
        help="the listing files that the questions are about [default: the sample]",
    )
    parser.add_argument(
        "--folder", type=Path, default=Path("reports/sample"), help="where the report goes [default: %(default)s]"
    )
    parser.add_argument(
        "--against", type=Path, metavar="REPORT.JSON", help="an earlier report to tell the changes from"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
