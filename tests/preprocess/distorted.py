"""EPI of the phantom head in a known field, on any voxel axes, and the truth behind them."""

from dataclasses import dataclass

import numpy as np

from tests.preprocess.phantoms import BOLD, SIGNAL, tissue, world
from tmsguide.model import Scan, Volume
from tmsguide.phantom.distortion import epi_magnitude, sinus_field_hz

READOUT_S = 0.04
SIDES = (46, 52, 34)
VOXEL_MM = np.array([3.0, 3.0, 4.0])


@dataclass
class Scanner:
    """Voxel axes of an image: ``axes`` says where i, j, k run; ``turn`` (3, 3) tilts them."""

    axes: str = "RAS"
    turn: np.ndarray = None

    @property
    def order(self):
        return [
            ("RL", "AP", "SI").index(next(p for p in ("RL", "AP", "SI") if c in p))
            for c in self.axes
        ]

    @property
    def shape(self):
        return tuple(SIDES[a] for a in self.order)

    @property
    def world_from_voxel(self):
        m = np.eye(4)
        m[:3, :3] = 0
        for column, (letter, a) in enumerate(zip(self.axes, self.order, strict=True)):
            m[a, column] = VOXEL_MM[a] * (1 if letter in "RAS" else -1)
        m[:3, 3] = -m[:3, :3] @ (np.array(self.shape) - 1) / 2
        tilt = np.eye(4)
        tilt[:3, :3] = np.eye(3) if self.turn is None else self.turn
        return tilt @ m

    def toward(self, letter):
        """The BIDS direction whose positive way is A, P, L ... of the head."""
        pair = next(p for p in ("RL", "AP", "SI") if letter in p)
        at = next(i for i, c in enumerate(self.axes) if c in pair)
        return "ijk"[at] + ("" if self.axes[at] == letter else "-")

    def places(self, axis=None, over=1):
        """World places of the voxels, ``over`` times finer along ``axis``, and their grid."""
        fine, m = list(self.shape), np.eye(4)
        if axis is not None:
            fine[axis] *= over
            m[axis, axis] = 1 / over
            m[axis, 3] = 0.5 / over - 0.5
        return world(fine, self.world_from_voxel @ m), fine

    def volume(self, data):
        return Volume(np.asarray(data, np.float32), self.world_from_voxel, BOLD)

    def still(self, move=None):
        """The undistorted image, for a head moved by ``move`` (world, 4x4)."""
        return self.volume(signal(self.places()[0], move).reshape(self.shape))

    def epi(self, direction, *, peak_hz=100.0, noise=0.0, seed=0, move=None, readout_s=READOUT_S):
        """The magnitude as read out in the field, Rician noise as a share of white matter."""
        axis = "ijk".index(direction[0])
        xyz, fine = self.places(axis, 2)
        image = epi_magnitude(
            signal(xyz, move).reshape(fine),
            field(xyz, peak_hz, move).reshape(fine),
            direction=direction,
            readout_s=readout_s,
            voxels=self.shape[axis],
        )
        rng = np.random.default_rng(seed)
        sd = noise * SIGNAL[0]
        image = np.hypot(
            image + sd * rng.standard_normal(image.shape), sd * rng.standard_normal(image.shape)
        )
        return self.volume(image)

    def scan(self, direction, **settings):
        image = self.epi(direction, **settings)
        return Scan(
            image,
            metadata={
                "PhaseEncodingDirection": direction,
                "TotalReadoutTime": settings.get("readout_s", READOUT_S),
            },
        )

    def field(self, peak_hz=100.0, move=None):
        return self.volume(field(self.places()[0], peak_hz, move).reshape(self.shape))

    def brain(self):
        """Voxels well inside the head."""
        return (tissue(self.places()[0]).sum(axis=1) > 0.9).reshape(self.shape)


def _home(xyz, move):
    if move is None:
        return xyz
    back = np.linalg.inv(move)
    return xyz @ back[:3, :3].T + back[:3, 3]


def signal(xyz, move=None):
    return tissue(_home(xyz, move)) @ SIGNAL


def field(xyz, peak_hz=100.0, move=None):
    return sinus_field_hz(_home(xyz, move), peak_hz=peak_hz)


def rms(values):
    return float(np.sqrt(np.mean(np.square(values))))
