"""Followed sources in, what is new at them out: the places outside the library from which papers keep coming.

In reading order:

    followed   what flows: a source, a page of its records, and the seam that all services fit
    targets    what a user wants to follow in, checked and named out
    store      the followed sources and how far they were read, in a file of the home
    fetching   an address in, the bytes behind it out, politely
    arxiv, openalex, zotero, feed, folder    the services, one file each

Nothing is fetched unless a source is followed and synced.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from .arxiv import Arxiv
from .feed import Feed
from .fetching import Fetcher
from .folder import Folder
from .followed import Followed, Page, Refused, Service
from .openalex import OpenAlex
from .zotero import Zotero

if TYPE_CHECKING:
    from ...core.settings import Settings

__all__ = ["Addresses", "Fetcher", "Followed", "Page", "Refused", "Service", "services"]


ARXIV = "https://export.arxiv.org/api/query"
OPENALEX = "https://api.openalex.org/works"
ZOTERO = "https://api.zotero.org"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the services are, and the keys for those that take one."""

    arxiv: str = ARXIV
    openalex: str = OPENALEX
    zotero: str = ZOTERO
    openalex_key: str = ""
    zotero_key: str = ""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The addresses that are set, and the services' own for the others."""
        return cls(
            settings.arxiv_url or ARXIV,
            settings.openalex_url or OPENALEX,
            settings.zotero_url or ZOTERO,
            settings.openalex_key.get_secret_value(),
            settings.zotero_key.get_secret_value(),
        )


def services(addresses: Addresses, fetcher: Fetcher) -> Mapping[str, Service]:
    """The services by the kinds of source; they fetch nothing yet."""
    return {
        "arxiv": Arxiv(fetcher, addresses.arxiv),
        "openalex": OpenAlex(fetcher, addresses.openalex, key=addresses.openalex_key),
        "zotero": Zotero(fetcher, addresses.zotero, key=addresses.zotero_key),
        "feed": Feed(fetcher),
        "folder": Folder(),
    }
