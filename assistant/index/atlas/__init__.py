"""Papers and their vectors in, a labelled map of them out, kept beside the library.

A map takes some seconds to draw, so it is kept for the library's revision: see `atlas_of`.
"""

from .keeping import atlas_of
from .labels import labels
from .records import Atlas, Cluster, Point
from .surveying import drawn

__all__ = ["Atlas", "Cluster", "Point", "atlas_of", "drawn", "labels"]
