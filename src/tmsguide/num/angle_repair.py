"""Repair of flat tetrahedra: their nodes move a little, surfaces stay, until angles are sound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from tmsguide.num.dihedral import worst_cosine, worst_cosines
from tmsguide.num.tetrahedra import cells_of_nodes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["repaired"]

# Part of the aim, how far a node may leave its surface (of the shortest edge around it), sweeps:
# only the few cells that are still very flat at last may bend a surface visibly.
_STAGES = ((1.0, 0.06, 6), (1.0, 0.15, 6), (0.7, 0.35, 8))
_LENGTHS = np.array([0.3, 0.15, 0.07, 0.03, 0.012])  # tried steps, of that edge


def repaired(nodes: Floats, cells: Ints, label: NDArray[np.uint8], *, aim_deg: float) -> Floats:
    """Give nodes (N, 3) moved so that fewer cells have a dihedral angle below ``aim_deg``.

    Only nodes of such cells move, one after the other, each to the place near it where the worst
    angle of the cells around it is largest; no cell gets worse than the worst there was. Nodes
    between two labels, or on the boundary, slide along their surface and leave it by at most a
    few hundredths of an edge.

    References
    ----------
    Freitag & Ollivier-Gooch 1997, Int. J. Numer. Methods Eng. 40:3979,
    doi:10.1002/(SICI)1097-0207(19971115)40:21<3979::AID-NME251>3.0.CO;2-9.
    """
    start, around = cells_of_nodes(cells, len(nodes))
    nodes = nodes.copy()
    home = nodes.copy()
    worst = worst_cosines(nodes, cells)
    for part, off, sweeps in _STAGES:
        bound = np.cos(np.radians(part * aim_deg))
        for _ in range(sweeps):
            turn = np.unique(cells[worst > bound])
            if not _sweep(nodes, home, cells, label, start, around, turn, worst, bound, off):
                break
    return nodes


@njit(cache=True, nogil=True)
def _star_worst(at: Any, node: int, nodes: Any, cells: Any, star: Any, stop: float) -> Any:
    # worst cosine of the cells around a node if it stood at ``at``; gives up once beyond ``stop``
    p = np.empty((4, 3))
    worst = -1.0
    for t in star:
        for q in range(4):
            k = cells[t, q]
            for d in range(3):
                p[q, d] = at[d] if k == node else nodes[k, d]
        worst = max(worst, worst_cosine(p))
        if worst >= stop:
            return worst
    return worst


@njit(cache=True, nogil=True)
def _surface_normals(node: int, nodes: Any, cells: Any, label: Any, star: Any, out: Any) -> int:
    # unit normals of the faces around a node where the label changes or the mesh ends
    n = 0
    for t in star:
        for q in range(4):
            if cells[t, q] == node:
                continue
            a, b = -1, -1  # the face without corner q: the node, a and b
            for r in range(4):
                k = cells[t, r]
                if r != q and k != node:
                    if a < 0:
                        a = k
                    else:
                        b = k
            other = -1
            for s in star:
                if s != t:
                    has_a, has_b = False, False
                    for r in range(4):
                        has_a |= cells[s, r] == a
                        has_b |= cells[s, r] == b
                    if has_a and has_b:
                        other = s
                        break
            if other >= 0 and (label[other] == label[t] or other < t):
                continue
            ux, uy, uz = nodes[a] - nodes[node]
            vx, vy, vz = nodes[b] - nodes[node]
            x, y, z = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
            length = np.sqrt(x * x + y * y + z * z)
            if length > 0.0 and n < len(out):
                out[n, 0], out[n, 1], out[n, 2] = x / length, y / length, z / length
                n += 1
    return n


@njit(cache=True, nogil=True)
def _mean_normal(normal: Any, n: int, out: Any) -> None:
    out[:] = 0.0
    for i in range(n):
        turn = 0.0
        for d in range(3):
            turn += normal[i, d] * normal[0, d]
        for d in range(3):
            out[d] += normal[i, d] if turn >= 0.0 else -normal[i, d]
    length = np.sqrt((out**2).sum())
    if length > 0.0:
        out /= length


@njit(cache=True, nogil=True)
def _leaves(at: Any, home: Any, normal: Any, n: int, most: float) -> Any:
    for i in range(n):
        away = 0.0
        for d in range(3):
            away += normal[i, d] * (at[d] - home[d])
        if abs(away) > most:
            return True
    return False


@njit(cache=True, nogil=True)
def _sweep(
    nodes: Any,
    home: Any,
    cells: Any,
    label: Any,
    start: Any,
    around: Any,
    turn: Any,
    worst: Any,
    bound: float,
    off_surface: float,
) -> int:
    normal = np.empty((128, 3))
    mean, step, at, best_at = np.empty(3), np.empty(3), np.empty(3), np.empty(3)
    moved = 0
    for node in turn:
        star = around[start[node] : start[node + 1]]
        now, edge = -1.0, np.inf
        for t in star:
            now = max(now, worst[t])
            for q in range(4):
                k = cells[t, q]
                if k != node:
                    edge = min(edge, np.sqrt(((nodes[k] - nodes[node]) ** 2).sum()))
        if now <= bound:
            continue
        n = _surface_normals(node, nodes, cells, label, star, normal)
        _mean_normal(normal, n, mean)
        best = now
        for length in _LENGTHS:
            for code in range(27):
                step[0], step[1], step[2] = code // 9 - 1, (code // 3) % 3 - 1, code % 3 - 1
                if n > 0:
                    step -= (step * mean).sum() * mean
                size = np.sqrt((step**2).sum())
                if size < 0.1:
                    continue
                for d in range(3):
                    at[d] = nodes[node, d] + step[d] * (length * edge / size)
                if n > 0 and _leaves(at, home[node], normal, n, off_surface * edge):
                    continue
                found = _star_worst(at, node, nodes, cells, star, best)
                if found < best - 1e-9:
                    best = found
                    best_at[:] = at
        if best < now:
            nodes[node] = best_at
            moved += 1
            p = np.empty((4, 3))
            for t in star:
                for q in range(4):
                    p[q] = nodes[cells[t, q]]
                worst[t] = worst_cosine(p)
    return moved
