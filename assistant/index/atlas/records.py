"""Positions in, what a map consists of out: points and labelled clusters of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Point:
    """A paper's place on the map, 0 to 1 in both directions, and the number of its cluster."""

    paper_id: str
    x: float
    y: float
    cluster: int


@dataclass(frozen=True, slots=True)
class Cluster:
    """Papers that lie together: the words that set them apart, where their middle is, and how many they are."""

    label: str
    x: float
    y: float
    size: int


@dataclass(frozen=True, slots=True)
class Atlas:
    """A map of papers: nearby ones are alike. `points[i].cluster` is a place in `clusters`."""

    points: tuple[Point, ...] = ()
    clusters: tuple[Cluster, ...] = ()
