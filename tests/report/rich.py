"""The made person with all that is known of targets and networks: many methods, long names."""

from dataclasses import replace

import numpy as np

from tests.report import builders
from tmsguide.model import (
    MNI,
    Advice,
    Deviation,
    NetworkMeans,
    Points,
    Region,
    Reliability,
    Support,
    Target,
)
from tmsguide.report import AgreementEntry, ConnectomeEntry

#: title, MNI, radius of the region (None for sites), mm between two scans
METHODS = (
    ("sgACC seed, lowest place", (-36, 38, 34), 21.0, 14.0),
    ("sgACC seed map, cone-weighted (nested balls of 2 to 12 mm)", (-39, 41, 30), 9.1, 4.8),
    ("BA25, both sides, cluster", (-40, 45, 26), 10.4, 5.6),
    ("own weights over all grey matter, cluster with threshold sweep", (-42, 40, 31), 7.2, 3.3),
    ("sub-parcels of the area against those of the seed, after SAINT", (-30, 48, 30), 26.0, 18.0),
    ("frontoparietal network, largest lateral prefrontal patch", (-44, 30, 38), 14.0, 9.0),
    ("convergent depression circuit (map supplied)", (-45, 36, 28), 11.0, 6.1),
    *((name, xyz, None, None) for name, xyz in builders.GROUP.items()),
)  # fmt: skip
SOURCES = (
    "Fox et al. 2012, 10.1016/j.biopsych.2012.04.028",
    "Fox et al. 2013, NeuroImage 66:151 (PMC3594474)",
    "Cash et al. 2021 doi:10.1002/hbm.25330",
    "Cole et al. 2022, 10.1176/appi.ajp.2021.20101429",
)
NETWORKS = (
    "Default mode", "Visual", "Frontoparietal", "Reward", "Dorsal attention", "Ventral attention",
    "Salience", "Cingulo-opercular", "Somatomotor dorsal", "Somatomotor lateral", "Auditory",
    "Parieto-medial", "Medial temporal lobe",
)  # fmt: skip


def person(made):
    """The made person with region, reliability, verdict, twelve methods and networks."""
    main, others = targets(made)
    changed = replace(
        made,
        target=main,
        alternatives=others,
        plan=replace(made.plan, target=main, alternatives=others),
        connectome=connectome(),
        deviation=deviation(),
    )
    return replace(changed, agreement=agreement(changed))


def targets(made):
    vertices, frame = made.cortex.vertices.xyz_mm, made.cortex.vertices.frame
    t1w_from_mni = builders.tilted(made.subject.label)

    def on_cortex(xyz):
        here = t1w_from_mni(Points(np.array([xyz], float), MNI)).xyz_mm
        return Points(vertices[[np.argmin(np.linalg.norm(vertices - here, axis=1))]], frame)

    others = []
    for k, (name, xyz, radius, apart) in enumerate(METHODS):
        others.append(
            Target(
                on_cortex(xyz), -0.3, name, SOURCES[k % len(SOURCES)],
                region_radius_mm=radius,
                confidence=None if radius is None else 0.95,
                notes=("moved 1.4 mm to the nearest grey matter",) if radius is None
                else ("cluster of 1.2 cm³", "second cluster of 0.4 cm³, 19 mm away"),
                reliability=None if apart is None else Reliability(apart, 25.3),
            )
        )  # fmt: skip
    return replace(made.target, region=region(made), reliability=Reliability(4.13, 25.3),
                   advice=advice(Support.SCAN_MORE)), tuple(others)  # fmt: skip


def region(made):
    """A patch of grey matter, longer than it is wide, with a second one behind it."""
    at = made.cmap.where.xyz_mm - made.target.point.xyz_mm[0]
    near = np.linalg.norm(at / [1.0, 1.0, 1.6], axis=1) < 6.5
    near |= np.linalg.norm(at - [2, -16, 8], axis=1) < 5
    places = Points(made.cmap.where.xyz_mm[near], made.cmap.where.frame)
    spread = {"scan time": 4.94, "seed position": 2.31, "global signal": 5.68}
    return Region(places, near.sum() * made.cmap_grid_mm**3 / 1000, 8.43, 0.95, spread)


def advice(support):
    reasons = {
        Support.INDIVIDUAL: (
            "the target is expected 4 mm from the true place, a group target 11 mm",
        ),
        Support.SCAN_MORE: (
            "the target is expected 8 mm from the true place, a group target 11 mm",
            "about 22 min of usable scan would be needed",
            "a group target lies 4 mm away, within the region: this scan does not tell the two "
            "apart, so little is gained over it",
        ),
        Support.GROUP: ("more than 60 min would be needed",),
    }[support]
    needed = {Support.INDIVIDUAL: 7.53, Support.SCAN_MORE: 22.0, Support.GROUP: None}[support]
    return Advice(support, 7.53, needed, reasons)


def agreement(made):
    targets = (made.target, *made.alternatives)
    xyz = np.concatenate([t.point.xyz_mm for t in targets])
    distance = np.linalg.norm(xyz[:, None] - xyz[None], axis=2)
    percent = 100 * np.exp(-0.5 * (distance[0] / 22) ** 2)
    names = tuple(t.method for t in targets)
    percent[-1] = np.nan
    return AgreementEntry(
        names=names,
        distance_mm=distance,
        served_percent=percent,
        served_v_per_m=0.0123 * percent,
        consensus=Points(xyz[[0, 2, 3, 4]].mean(axis=0)[None], made.cortex.vertices.frame),
        consensus_radius_mm=9.04,
        consensus_methods=tuple(names[k] for k in (0, 2, 3, 4, 8)),
        group_distance_mm={
            t.method: float(d) for t, d in zip(targets, distance[0], strict=True)
            if t.region_radius_mm is None
        },
        assumes=("that the cluster's middle stands for the site of the effect",
                 *(("that a group's average fits this person" if t.region_radius_mm is None
                    else "that the lowest connectivity is the best place") for t in targets[1:])),
    )  # fmt: skip


def means(names=NETWORKS, seed=4):
    rng = np.random.default_rng(seed)
    count = len(names)
    z = rng.normal(0.02, 0.12, (count, count))
    z = (z + z.T) / 2 + np.diag(rng.uniform(0.25, 0.6, count))
    half = rng.uniform(0.05, 0.12, (count, count))
    half = (half + half.T) / 2
    edges = np.full((count, count), 100)
    return NetworkMeans(tuple(names), z, z - half, z + half, edges)


def connectome():
    rng = np.random.default_rng(6)
    networks = tuple(np.repeat(NETWORKS, 4))
    z = rng.normal(0, 0.3, (52, 52))
    z = (z + z.T) / 2
    np.fill_diagonal(z, 0)
    return ConnectomeEntry(
        means=means(),
        parcellation="Seitzman 2018, 300 spheres (doi:10.1016/j.neuroimage.2019.116290)",
        z=z,
        names=tuple(f"{n} {k}" for k, n in enumerate(networks)),
        networks=networks,
        notes=("12 parcels have no signal and were left out",),
        graph={"modularity": 0.4123456, "global efficiency": 0.5678, "my_own_summary": 12.3456},
        weak=("How networks change within a scan is reliable only for long scans",),
    )


def deviation():
    """Every pair of five networks against a made cohort; three measures outside its range."""
    five = NETWORKS[:5]
    names = [f"within:{name}" for name in five]
    names += [f"between:{a}:{b}" for k, a in enumerate(five) for b in five[k + 1 :]]
    z = np.random.default_rng(8).uniform(-1.5, 1.5, len(names))
    z[[1, 7, 12]] = 2.4, -3.6, 2.1
    expected = np.full(len(names), 0.2)
    return Deviation(
        tuple(names), expected + 0.1 * z, expected, expected - 0.196, expected + 0.196, z,
        np.where(np.abs(z) > 3, 0.01, 0.4), "40 made people of 14 to 60 years", 0.75,
    )  # fmt: skip
