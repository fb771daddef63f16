"""A plausible person made of formulas, to render reports of: not anybody's head."""

from dataclasses import asdict, replace

import numpy as np

from tmsguide.model import (
    MNI,
    Affine,
    Anatomy,
    BoldSettings,
    Coil,
    ConnectivityMap,
    Finding,
    HeadSettings,
    Placement,
    Plan,
    Points,
    Protocol,
    Quality,
    ScanVerdict,
    SearchSettings,
    Subject,
    Surface,
    Target,
    TargetSettings,
    Tissue,
    Verdict,
    Volume,
    native_frame,
)
from tmsguide.report import Dossier

TARGET_MNI = np.array([-41.0, 43.0, 28.0])
INTENSITY = np.array([0.02, 0.95, 0.65, 0.25, 0.12, 0.75])


def rotation(axis, degrees):
    a, (i, j) = np.radians(degrees), {0: (1, 2), 1: (2, 0), 2: (0, 1)}[axis]
    r = np.eye(3)
    r[i, i] = r[j, j] = np.cos(a)
    r[i, j], r[j, i] = -np.sin(a), np.sin(a)
    return r


def tilted(label):
    """A nod of 9° and a shift between MNI and the scan, as in real scans."""
    matrix = np.eye(4)
    matrix[:3, :3] = rotation(0, 9) @ rotation(2, -4)
    matrix[:3, 3] = 3, -11, 6
    return Affine(matrix, source=MNI, target=native_frame(label))


def folded_head(mni):
    """Tissue labels (N,) of a head with furrows and a nose at MNI positions (N, 3)."""
    p = mni - np.array([0, -18, 8])
    r = np.linalg.norm(p / np.array([66, 84, 60]), axis=1)
    u = p / np.maximum(np.linalg.norm(p, axis=1), 1)[:, None]
    fold = np.sin(9 * u[:, 0] + 4 * np.sin(5 * u[:, 1])) * np.sin(11 * u[:, 2] + 3 * u[:, 1])
    brain = 1 - 0.05 * np.clip(fold, -0.6, 1) - 0.10 * np.exp(-((p[:, 0] / 4) ** 2))
    out = np.zeros(len(mni), np.uint8)
    out[r < 1.28] = Tissue.SCALP
    out[np.linalg.norm((mni - np.array([0, 92, -38])) / np.array([12, 16, 18]), axis=1) < 1] = 5
    neck = (np.linalg.norm(p[:, :2] / np.array([50, 55]), axis=1) < 1) & (p[:, 2] < -20)
    out[neck & (p[:, 2] > -105)] = Tissue.SCALP
    out[r < 1.18] = Tissue.BONE
    out[r < 1.07] = Tissue.CSF
    out[r < brain] = Tissue.GM
    out[r < brain - 0.07] = Tissue.WM
    return out


def mni_head(mni):
    """Tissue labels (N,) from nilearn's bundled MNI maps, with skull and scalp put round them."""
    from nilearn import datasets
    from scipy.ndimage import binary_dilation, map_coordinates

    def at(image):
        inverse = np.linalg.inv(image.affine)
        index = mni @ inverse[:3, :3].T + inverse[:3, 3]
        data = np.nan_to_num(np.asarray(image.dataobj, float))
        return map_coordinates(data, index.T, order=1), data, index

    gm = at(datasets.load_mni152_gm_template(resolution=1))[0]
    wm = at(datasets.load_mni152_wm_template(resolution=1))[0]
    brain = datasets.load_mni152_brain_mask(resolution=2)
    grown, out = np.asarray(brain.dataobj) > 0, np.zeros(len(mni), np.uint8)
    inverse = np.linalg.inv(brain.affine)
    index = mni @ inverse[:3, :3].T + inverse[:3, 3]
    shells = []
    pad = np.pad(grown, 14)
    for steps in (1, 4, 4):
        pad = binary_dilation(pad, iterations=steps)
        shells.append(map_coordinates(pad.astype(float), (index + 14).T, order=1) > 0.5)
    out[np.linalg.norm((mni - np.array([0, 84, -45])) / np.array([13, 18, 18]), axis=1) < 1] = 5
    out[shells[2]], out[shells[1]], out[shells[0]] = Tissue.SCALP, Tissue.BONE, Tissue.CSF
    out[gm > 0.45] = Tissue.GM
    out[(wm > 0.5) & (wm > gm)] = Tissue.WM
    return out


def anatomy(label, head, step_mm):
    t1w_from_mni = tilted(label)
    shape = np.ceil(np.array([196, 248, 262]) / step_mm).astype(int) + np.arange(3)
    affine = np.diag([-step_mm, step_mm, step_mm, 1.0])  # LAS: a flip that must not matter
    affine[:3, 3] = 98, -140, -140
    index = np.indices(shape).reshape(3, -1).T
    native = Points(index @ affine[:3, :3].T + affine[:3, 3], native_frame(label))
    labels = head(t1w_from_mni.inverse()(native).xyz_mm).reshape(shape)
    rng = np.random.default_rng(5)
    t1w = INTENSITY[labels] + 0.03 * rng.standard_normal(shape)
    share = np.stack([(labels == t) for t in range(1, 6)], -1).astype(np.float32)
    frame = native.frame
    brain = np.isin(labels, (1, 2)) | (labels == 3)
    return Anatomy(
        Volume(np.clip(t1w, 0, None) * 1000, affine, frame),
        Volume(labels, affine, frame),
        Volume(share, affine, frame),
        Volume(brain, affine, frame),
    )


def surface(mask, affine, frame, blur=0.7):
    from scipy.ndimage import gaussian_filter
    from skimage.measure import marching_cubes

    soft = gaussian_filter(np.pad(mask, 2).astype(np.float32), blur)
    vertices, faces, _, _ = marching_cubes(soft, 0.5)
    native = (vertices - 2) @ affine[:3, :3].T + affine[:3, 3]
    a, b, c = (native[faces[:, k]] for k in range(3))
    if np.einsum("ij,ij->", a, np.cross(b, c)) < 0:  # six times the volume it closes in
        faces = faces[:, ::-1]
    return Surface(Points(native, frame), np.ascontiguousarray(faces).astype(np.int64))


def figure8():
    angle = np.linspace(0, 2 * np.pi, 49)[:-1] + np.pi / 48
    position, element = [], []
    for side in (-1, 1):
        for radius in np.linspace(0.026, 0.044, 9):
            middle = [side * 0.046, 0, -0.006]
            circle = np.column_stack([np.cos(angle), np.sin(angle), 0 * angle])
            along = np.column_stack([-np.sin(angle), np.cos(angle), 0 * angle])
            position.append(middle + radius * circle)
            element.append(side * along * 2 * np.pi * radius / 48)
    return Coil(
        "figure8-70mm", np.concatenate(position), np.concatenate(element), 1.2e8,
        (0.093, 0.047, 0.006), "builder",
    )  # fmt: skip


def primary_strength(coil, placement, points_mm):
    """|dA/dt| without the head's own charges: good enough for a picture."""
    m = placement.matsimnibs
    wire = 1e3 * coil.position_m @ m[:3, :3].T + m[:3, 3]
    flow = coil.element_m @ m[:3, :3].T
    out = np.empty(len(points_mm))
    for start in range(0, len(points_mm), 4000):
        chunk = points_mm[start : start + 4000]
        distance = np.linalg.norm(chunk[:, None] - wire[None], axis=2) * 1e-3
        out[start : start + 4000] = np.linalg.norm((1 / distance) @ flow, axis=1)
    return 1e-7 * placement.didt_a_per_s * out


def pose(scalp, near, head_axes, label):
    vertices = scalp.vertices.xyz_mm
    middle = vertices.mean(axis=0)
    out = near - middle
    out /= np.linalg.norm(out)
    along = (vertices - near) @ out
    beside = np.linalg.norm(vertices - near - along[:, None] * out, axis=1)
    touch = vertices[np.argmax(np.where(beside < 6, along, -1e9))]
    z = -out
    back = head_axes.T @ np.array([0, -1.0, 0])
    back -= back @ z * z
    back /= np.linalg.norm(back)
    lateral = np.cross(z, back)
    lateral *= np.sign(-(head_axes @ lateral)[0])  # toward the person's left
    to_handle = (back + lateral) / np.sqrt(2)
    m = np.eye(4)
    m[:3, 1], m[:3, 2] = -to_handle, z
    m[:3, 0] = np.cross(m[:3, 1], z)
    m[:3, 3] = touch + 4.0 * out
    return Placement(m, native_frame(label), 1e6, 4.0)


def ball(points, centre, sigma):
    return np.exp(-0.5 * np.sum((points - centre) ** 2, axis=1) / sigma**2)


def z_values(mni):
    wave = np.sin(mni[:, 0] / 17) * np.cos(mni[:, 1] / 23) * np.sin(mni[:, 2] / 19 + 1)
    return (
        -0.42 * ball(mni, TARGET_MNI, 14)
        - 0.3 * ball(mni, TARGET_MNI * [-1, 1, 1], 15)
        + 0.6 * ball(mni, [0, 20, -10], 20)
        + 0.35 * ball(mni, [0, -55, 30], 18)
        + 0.06 * wave
    )


GROUP = {
    "Weigand 2018 group average": (-42, 44, 30),
    "Fox 2012 group average": (-38, 44, 26),
    "Beam F3": (-37, 26, 49),
    "5 cm rule, group average": (-41, 16, 54),
}


def targets(cortex, t1w_from_mni, mni):
    def on_cortex(xyz):
        here = t1w_from_mni(Points(np.array([xyz], float), MNI)).xyz_mm
        vertices = cortex.vertices.xyz_mm
        return Points(vertices[[np.argmin(np.linalg.norm(vertices - here, axis=1))]], frame)

    frame = cortex.vertices.frame
    main = on_cortex(TARGET_MNI)
    rng = np.random.default_rng(2)
    samples = Points(main.xyz_mm + rng.normal(0, 3, (200, 3)), frame)
    primary = Target(
        main, -0.412345678, "sgACC seed map, cluster", "Cash 2021 doi:10.1002/hbm.25330",
        samples, 8.4321987, 0.95,
    )  # fmt: skip
    others = [
        Target(on_cortex(xyz), float("nan"), name, "group coordinate")
        for name, xyz in GROUP.items()
    ]
    peak = Target(on_cortex((-36, 38, 34)), -0.45, "sgACC seed map, peak voxel", "Fox 2012")
    return primary, (peak, *others)


def dossier(label="made01", *, head=folded_head, step_mm=4.0, synthetic=True):
    made = anatomy(label, head, step_mm)
    frame, affine, labels = made.t1w.frame, made.t1w.frame_from_voxel, made.labels.data
    t1w_from_mni = tilted(label)
    mni_from_t1w = t1w_from_mni.inverse()
    scalp = surface(labels > 0, affine, frame, blur=1.2)
    cortex = surface(np.isin(labels, (1, 2)), affine, frame, blur=0.6)
    grey = np.argwhere(labels == Tissue.GM) @ affine[:3, :3].T + affine[:3, 3]
    where = Points(grey, frame)
    mni = mni_from_t1w(where).xyz_mm
    cmap = ConnectivityMap(z_values(mni), where, "sgACC", 61.2)
    near = np.linalg.norm(mni - [-40, 35, 36], axis=1) < 27
    main, others = targets(cortex, t1w_from_mni, mni)
    placement = pose(scalp, main.point.xyz_mm[0], t1w_from_mni.matrix[:3, :3].T, label)
    coil = figure8()
    e = primary_strength(coil, placement, cortex.vertices.xyz_mm)
    rng = np.random.default_rng(1)
    frames = 240
    fd = 0.08 + 0.05 * rng.gamma(1.5, 1.0, frames)
    fd[[40, 41, 120, 121, 122, 190]] += [0.9, 0.5, 0.6, 1.8, 0.4, 0.5]
    kept = fd <= 0.3
    carpet = rng.standard_normal((frames, 180)).astype(np.float32) * 0.8
    carpet += np.sin(np.arange(frames) / 9)[:, None] * np.linspace(1, 0.1, 180)
    carpet[fd > 0.5] *= 3
    near_target = np.linalg.norm(cortex.vertices.xyz_mm - main.point.xyz_mm, axis=1) < 6
    step = np.diag([4.0, 4.0, 4.0, 1.0])
    step[:3, 3] = np.array([-90, -140, -110])
    index = np.indices((46, 58, 52)).reshape(3, -1).T @ step[:3, :3].T + step[:3, 3]
    tissue = head(mni_from_t1w(Points(index, frame)).xyz_mm)
    bold = np.array([0.02, 0.6, 0.8, 1.0, 0.08, 0.2])[tissue].reshape(46, 58, 52) * 900
    turned = np.eye(4)
    turned[:3, :3] = rotation(2, 20)
    second = Placement(
        placement.matsimnibs @ turned, frame, placement.didt_a_per_s, placement.standoff_mm
    )
    shifted = placement.matsimnibs.copy()
    shifted[:3, 3] += 4 * shifted[:3, 0]
    third = Placement(shifted, frame, 1e6, 4.0)
    seed = t1w_from_mni(Points(np.array([[6.0, 16.0, -10.0]]), MNI))
    person = Subject(label, 17.0 if synthetic else None, "F")
    plan = Plan(
        person, main, others, placement, itbs(), 120.0, float(e[near_target].mean()), 19.234567,
        findings(),
    )  # fmt: skip
    return Dossier(
        subject=person,
        synthetic=synthetic,
        dataset_name="Made people",
        anatomy=made,
        mni_from_t1w=mni_from_t1w,
        quality=quality(),
        fd_mm=fd,
        fd_limit_mm=0.3,
        dvars=20 + 30 * fd,
        carpet=carpet,
        tr_s=2.0,
        kept=kept,
        mean_bold=Volume(bold, step, frame),
        cmap=cmap,
        cmap_grid_mm=step_mm,
        seed=seed,
        seed_radius_mm=10.0,
        search=Points(grey[near], frame),
        target=main,
        alternatives=others,
        scalp=scalp,
        cortex=cortex,
        cortex_z=z_values(mni_from_t1w(cortex.vertices).xyz_mm),
        cortex_e_v_per_m=e,
        coil=coil,
        placement=placement,
        ranked=((1.2345678, placement), (1.2012345, second), (1.1898765, third)),
        plan=plan,
        files={
            "Brainsight": f"sub-{label}_coil.txt",
            "SimNIBS matsimnibs": f"sub-{label}_coil.json",
        },
        settings={
            "bold": BoldSettings(),
            "target": TargetSettings(),
            "head": HeadSettings(),
            "search": asdict(SearchSettings()),
        },
        provenance={
            "tmsguide": "0.1.0",
            "python": "3.11.9",
            "date": "2026-02-03T04:05:06+00:00",
            "dependencies": {"numpy": "2.4.6", "scipy": "1.17.1"},
            "inputs (sha256)": {"T1w": "ab12" * 16, "BOLD": "cd34" * 16},
        },
        seconds={"tissues": 61.23456, "functional scan": 48.9, "field": 33.1},
        peak_rss_gb=2.345678,
        truth=t1w_from_mni(Points(TARGET_MNI[None] + 1.5, MNI)) if synthetic else None,
        planted_error_mm=3.456789 if synthetic else None,
        global_signal_shift_mm=5.678912,
    )


def quality(verdict=ScanVerdict.CAUTION):
    return Quality(
        0.1534567, 2.0123456, 452.0, 480.0, 61.23456, 71.23456, 38.9876, 0.91234, 0.41234, verdict,
        ("Only 8 minutes of rest: about 28 minutes are needed for a target within 1 cm.",
         "The signal at the seed region is weak (signal-to-noise 39)."),
    )  # fmt: skip


def itbs():
    return Protocol(
        "itbs600", "Intermittent theta burst, 600 pulses", 50.0, 3, 5.0, 10, 20, 8.0, 1, 0.0, 30,
        120.0, 120.0, "left", "FDA-cleared for adults (device labels differ)",
        "Blumberger 2018 doi:10.1016/S0140-6736(18)30295-2", True,
    )  # fmt: skip


def findings():
    return (
        Finding("session-length", Verdict.ALLOW, "Session of 3 minutes.", "THREE-D", True),
        Finding(
            "age", Verdict.WARN, "Age 17: theta burst is off-label under 18.", "K231926", False
        ),
        Finding(
            "implant", Verdict.FORBID, "No screening form: metal near the coil not ruled out.",
            "Rossi 2021 doi:10.1016/j.clinph.2020.10.003", True,
        ),
        Finding(
            "dose", Verdict.WARN, "No motor threshold given: dose is in % of it only.",
            "tmsguide", True,
        ),
    )  # fmt: skip


def with_quality(given, **changes):
    return replace(given, quality=replace(given.quality, **changes))
