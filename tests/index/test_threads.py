"""threads: stemming words, ingesting papers and answering questions at the same time is safe."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from assistant.library.sample import sample_files

from ..conftest import ROOT


def test_threads_may_stem_ask_and_ingest_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.threads", str(tmp_path / "home"), *map(str, sample_files())]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=300)
    report = json.loads(done.stdout)
    assert report.pop("words") > 3000
    assert report == {"wrong": 0, "raised": [], "faults": [], "papers": 120}
