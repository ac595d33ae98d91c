"""Texts in, their encodings out as each is done, by the cores of a Ray cluster, on one host or many.

Ray Data hands blocks of texts to actors, one for each core; each loads the bundled model once and uses one thread. What
they give back is what is stored, a thirtieth of what the model computes, and the one who asked stores it.
https://docs.ray.io/en/latest/data/api/doc/ray.data.Dataset.map_batches.html
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from .. import __version__
from ..core.errors import EmbedderError, MissingExtra
from .embedding import BundledEmbedder
from .interaction import ENCODE_BATCH, Stored, encode_here, to_store

if TYPE_CHECKING:
    import pyarrow
    from ray.data import Dataset

LEAST = 1000
"""Texts from which starting actors, some ten seconds, is worth it; fewer are encoded sooner in this process."""
PATIENCE = 5
"""Seconds in which a cluster must take a connection."""
THIS_MACHINE = "local"
"""The address for a Ray of one's own, on this machine and as long as it is needed."""


class RayEmbedder(BundledEmbedder):
    """The bundled model: many texts are encoded by a Ray cluster, and few, such as a question, in this process.

    `address`: `local`, `auto` for the cluster that this machine is part of, or the `host:port` of its head.
    """

    def __init__(self, address: str, *, threads: int = 2) -> None:
        super().__init__(threads=threads)
        self._address = address

    def encode_each(self, texts: Sequence[str]) -> Iterator[tuple[int, Stored]]:
        """Raises `MissingExtra`, and `EmbedderError` where the cluster fails; what was given before stays good."""
        if len(texts) < LEAST:
            yield from encode_here(self, texts)
            return
        with _connected(self._address) as cores:
            for row in _pipeline(texts, cores).iter_rows():
                yield row["number"], (row["vector"], row["signs"], row["starts"])


class Actor:
    """One core of the cluster: blocks of numbered texts in, their encodings out."""

    def __init__(self, name: str) -> None:
        """`name`: the embedder's where the encodings are stored; they would not stand beside those of another."""
        self._embedder = BundledEmbedder(threads=1)
        if self._embedder.name != name:
            raise EmbedderError(f"The model there is {self._embedder.name!r}, and {name!r} is needed.")

    def __call__(self, block: pyarrow.Table) -> pyarrow.Table:
        import pyarrow

        encodings = to_store(self._embedder, block["text"].to_pylist())
        parts = {
            name: pyarrow.array([encoding[place] for encoding in encodings], pyarrow.binary())
            for place, name in enumerate(("vector", "signs", "starts"))
        }
        return pyarrow.table({"number": block["number"], **parts})


def _pipeline(texts: Sequence[str], cores: int) -> Dataset:
    """The encodings of the texts, in blocks of `ENCODE_BATCH`: that many are lost at most if an actor is."""
    import ray.data

    blocks = -(-len(texts) // ENCODE_BATCH)
    rows = [{"number": number, "text": text} for number, text in enumerate(texts)]
    return ray.data.from_items(rows, override_num_blocks=blocks).map_batches(
        Actor,
        fn_constructor_args=(BundledEmbedder.name,),
        batch_size=None,  # a block at a time
        batch_format="pyarrow",
        num_cpus=1,
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=cores, initial_size=cores),
    )


@contextmanager
def _connected(address: str) -> Iterator[int]:
    """The cluster's number of cores, until the block ends. A Ray that this process already uses stays as it is."""
    if address == THIS_MACHINE:  # read by Ray when it is imported: it then stays on 127.0.0.1
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    try:
        import ray.data
        from ray.data.exceptions import SystemException
        from ray.exceptions import RayError
    except ImportError as error:
        raise MissingExtra("ray") from error
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # what fails is said once, by the error below
    ray.data.DataContext.get_current().enable_progress_bars = False
    with nullcontext() if ray.is_initialized() else _begun(address):
        try:
            yield int(ray.cluster_resources().get("CPU", 0))
        except (RayError, SystemException) as error:
            raise EmbedderError(
                f"Ray could not embed the papers: {_reason(error)} What was embedded is kept; the next run goes on "
                f"from there. Each host of the cluster needs: pip install 'paper-assistant[ray]=={__version__}', with "
                "the same Python and Ray as here. To embed in this process instead, unset ASSISTANT_RAY_ADDRESS."
            ) from error


@contextmanager
def _begun(address: str) -> Iterator[None]:
    """Ray, until the block ends. Nobody is told that it is used, and one of our own is for this machine alone."""
    import ray

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    with TemporaryDirectory(prefix="papers-ray-", ignore_cleanup_errors=True) as folder:
        ours: dict[str, Any] = {}
        if address == THIS_MACHINE:
            os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))  # otherwise one is left in the home folder
            ours = {"include_dashboard": False, "_node_ip_address": "127.0.0.1", "_temp_dir": folder}
        try:
            if ":" in address:  # Ray itself would knock for minutes
                host, _, port = address.rpartition(":")
                socket.create_connection((host.strip("[]"), int(port)), timeout=PATIENCE).close()
            ray.init(address, log_to_driver=False, logging_level="critical", **ours)
        except (ConnectionError, RuntimeError, ValueError, OSError) as error:
            raise EmbedderError(
                f"No Ray cluster can be used at {address!r}: {_reason(error)} Nothing was embedded. Start one with "
                "`ray start --head --disable-usage-stats --include-dashboard=false`, or set ASSISTANT_RAY_ADDRESS to "
                "`local`, or unset it to embed in this process."
            ) from error
        try:
            yield
        finally:
            ray.shutdown()


def _reason(error: BaseException) -> str:
    """The first error with words behind what Ray says; of one that comes with a trace of calls, the last line."""
    reason = ""
    cause: BaseException | None = error
    while cause:
        reason = str(cause).strip() or reason
        cause = getattr(cause, "cause", None) or cause.__cause__
    lines = reason.splitlines()
    return lines[-1] if "Traceback" in reason else " ".join(lines)
