"""Which nodes of a graph depend on each other in a circle, and an order for all others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

N = TypeVar("N")

Graph = Mapping[N, Iterable[N]]
"""For each node those that it depends on, which are all nodes of the graph."""


def components(graph: Graph[N]) -> list[list[N]]:
    """The nodes: those that depend on each other in one list, and each list after all that it depends on.

    Kosaraju's two walks, which take no longer than reading the graph does, and never recur.
    """
    dependents: dict[N, list[N]] = {node: [] for node in graph}
    for node, others in graph.items():
        for other in others:
            dependents[other].append(node)
    left = dict.fromkeys(graph)
    finished = [node for start in graph for node in _walk(graph, start, left)]
    left = dict.fromkeys(graph)
    found = [_walk(dependents, start, left) for start in reversed(finished)]
    return [component for component in reversed(found) if component]


def _walk(graph: Graph[N], start: N, left: dict[N, None]) -> list[N]:
    """What is reached from a node over those that are `left`, which it takes away; each after all beyond it."""
    if start not in left:
        return []
    del left[start]
    found: list[N] = []
    way = [(start, iter(graph[start]))]
    while way:
        node, beyond = way[-1]
        for ahead in beyond:
            if ahead in left:
                del left[ahead]
                way.append((ahead, iter(graph[ahead])))
                break
        else:
            found.append(node)
            way.pop()
    return found
