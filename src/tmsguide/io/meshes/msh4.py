"""Nodes, elements and entity labels of Gmsh's MSH format 4.1, text and binary alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tmsguide.io.meshes.elements import Elements, element_block, joined, nodes_of
from tmsguide.io.meshes.numbers import damaged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from tmsguide.io.meshes.numbers import Numbers

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["read_elements", "read_entities", "read_nodes"]


def read_entities(numbers: Numbers) -> dict[int, int]:
    """Give the label of each volume: its first physical group, where it has one."""
    label = {}
    for dimension, count in enumerate(numbers.sizes(4)):
        for _ in range(count):
            entity = int(numbers.ints(1)[0])
            numbers.reals(3 if dimension == 0 else 6)  # the bounding box
            groups = numbers.ints(int(numbers.sizes(1)[0]))
            if dimension > 0:
                numbers.ints(int(numbers.sizes(1)[0]))  # what bounds it
            if dimension == 3 and len(groups):
                label[entity] = int(groups[0])
    return label


def read_nodes(numbers: Numbers, name: str) -> tuple[Ints, Floats]:
    """Give node numbers (N,) and positions (N, 3)."""
    blocks, total, _, _ = numbers.sizes(4)
    tags, places = [np.empty(0, dtype=np.int64)], [np.empty((0, 3))]
    done = 0
    for _ in range(blocks):
        dimension, _, parametric = numbers.ints(3)
        count = int(numbers.sizes(1)[0])
        if not 0 <= dimension <= 3:
            raise damaged(name, f"nodes of dimension {dimension}")
        width = 3 + (int(dimension) if parametric else 0)
        tags.append(numbers.sizes(count))
        places.append(numbers.reals(count * width).reshape(count, width)[:, :3])
        done += count
    if done != total:
        raise damaged(name, f"{total} nodes announced and {done} found")
    return np.concatenate(tags), np.concatenate(places)


def read_elements(numbers: Numbers, label: Mapping[int, int], name: str) -> Elements:
    """Give the tetrahedra, labelled by physical group or, without one, by volume entity."""
    n_blocks, total, _, _ = numbers.sizes(4)
    blocks = []
    done = 0
    for _ in range(n_blocks):
        _, entity, kind = (int(v) for v in numbers.ints(3))
        count = int(numbers.sizes(1)[0])
        width = 1 + nodes_of(kind, name)
        rows = numbers.sizes(count * width).reshape(-1, width)
        tag = np.full(len(rows), label.get(entity, entity), dtype=np.int64)
        blocks.append(element_block(kind, rows[:, 0], tag, rows[:, 1:]))
        done += count
    if done != total:
        raise damaged(name, f"{total} elements announced and {done} found")
    return joined(blocks, name)
