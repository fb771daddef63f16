"""Closed forms: E in a layered sphere from outside coils, and a loop's field on its axis.

Sarvas 1987 (doi:10.1088/0031-9155/32/1/004) gives B outside a layered sphere from a current dipole
q at r inside. By reciprocity (Heller & van Hulsteyn 1992, doi:10.1016/S0006-3495(92)81587-4) a
magnetic dipole with moment rate dm/dt outside at r0 drives E(r)·q = -dm/dt · B(r0; r, q), whatever
the layers' radii and conductivities.
"""

import numpy as np

MU0_OVER_4PI = 1e-7


def sphere_e(points, position, moment_rate):
    """E (N, 3) V/m at points (N, 3) m in a sphere about 0; dipoles (D, 3) with dm/dt (D, 3)."""
    out = np.zeros((len(points), 3))
    for r0, m in zip(position, moment_rate, strict=True):
        a = r0 - points
        d = np.linalg.norm(a, axis=1)
        R = np.linalg.norm(r0)
        ar0 = a @ r0
        F = d * (R * d + R * R - points @ r0)
        grad_f = (d * d / R + ar0 / d + 2 * d + 2 * R)[:, None] * r0
        grad_f -= (d + 2 * R + ar0 / d)[:, None] * points
        cross_m = np.cross(points, m)  # (q x r) . m = q . (r x m)
        cross_r0 = np.cross(points, r0)
        out -= (MU0_OVER_4PI / F**2)[:, None] * (
            F[:, None] * cross_m - cross_r0 * (grad_f @ m)[:, None]
        )
    return out


def loops_as_dipoles(radii_m, centre_m, didt_a_per_s, *, radial=6, around=48):
    """Magnetic dipoles that stand for coaxial circular turns of one wing in a plane normal to z.

    A turn equals a disc of uniform dipole density; discs add up to a density that steps at each
    radius. Gauss points along the radius, equal steps around.
    """
    radii = np.sort(radii_m)
    x, w = np.polynomial.legendre.leggauss(radial)
    position, moment = [], []
    edges = np.concatenate([[0.0], radii])
    for i in range(len(radii)):
        turns = len(radii) - i
        mid, half = 0.5 * (edges[i] + edges[i + 1]), 0.5 * (edges[i + 1] - edges[i])
        points = 3 * radial if i == 0 else radial
        x, w = np.polynomial.legendre.leggauss(points)
        for r, wr in zip(mid + half * x, half * w, strict=True):
            t = (np.arange(around) + 0.5) * 2 * np.pi / around
            ring = np.stack([r * np.cos(t), r * np.sin(t), 0 * t], axis=1) + centre_m
            position.append(ring)
            dm = np.zeros((around, 3))
            dm[:, 2] = didt_a_per_s * turns * wr * r * 2 * np.pi / around
            moment.append(dm)
    return np.concatenate(position), np.concatenate(moment)


def loop_axis_b(radius_m, height_m):
    """B (T) on the axis of a 1 A circular loop, at a height over its plane."""
    return MU0_OVER_4PI * 2 * np.pi * radius_m**2 / (radius_m**2 + height_m**2) ** 1.5


def dipole_b_rate(points, position, moment_rate):
    """dB/dt (N, 3) of magnetic dipoles in free space."""
    out = np.zeros((len(points), 3))
    for r0, m in zip(position, moment_rate, strict=True):
        d = points - r0
        n = np.linalg.norm(d, axis=1)[:, None]
        out += MU0_OVER_4PI * (3 * d * (d @ m)[:, None] / n**5 - m / n**3)
    return out
