"""Colin27 as an anatomy of labels, in its own MNI space, and electrodes placed on it by others."""

from functools import cache

import numpy as np
from scipy.io import loadmat

from tests.shared_data import shared
from tmsguide.head import scalp_surface
from tmsguide.model import Anatomy, Frame, Points, Volume

#: 10-20 positions on the Colin27 scalp in mm: standard_1020.elc as distributed with MNE-Python
#: (BSD-3-Clause; Oostenveld & Praamstra 2001, DOI 10.1016/S1388-2457(00)00527-7).
ELECTRODES = {
    "Nz": (0.0, 86.8, -40.0),
    "Iz": (0.0, -118.6, -23.1),
    "LPA": (-86.1, -20.0, -48.0),
    "RPA": (85.8, -20.0, -48.0),
    "Fp1": (-29.4, 83.9, -7.0),
    "Fpz": (0.1, 88.2, -1.7),
    "Fp2": (29.9, 84.9, -7.1),
    "F7": (-70.3, 42.5, -11.4),
    "F3": (-50.2, 53.1, 42.2),
    "Fz": (0.3, 58.5, 66.5),
    "F4": (51.8, 54.3, 40.8),
    "F8": (73.0, 44.4, -12.0),
    "T7": (-84.2, -16.0, -9.3),
    "C3": (-65.4, -11.6, 64.4),
    "Cz": (0.4, -9.2, 100.2),
    "C4": (67.1, -10.9, 63.6),
    "T8": (85.1, -15.0, -9.5),
    "P7": (-72.4, -73.5, -2.5),
    "P3": (-53.0, -78.8, 55.9),
    "Pz": (0.3, -81.1, 82.6),
    "P4": (55.7, -78.6, 56.6),
    "P8": (73.1, -73.1, -2.5),
    "O1": (-29.4, -112.4, 8.8),
    "Oz": (0.1, -114.9, 14.7),
    "O2": (29.8, -112.2, 8.8),
}
FRAME = Frame("colin27")


@cache
def colin():
    """(anatomy, scalp, map from MNI): labels 0 air, scalp, skull, CSF, GM, WM, air inside."""
    given = loadmat(shared("heads/mcx/colin27_v3.mat"))["colin27"]
    labels = np.array([0, 5, 4, 3, 2, 1, 0], dtype=np.uint8)[given]
    matrix = np.eye(4)
    matrix[:3, 3] = [-90, -126, -72]
    place = lambda data: Volume(data, matrix, FRAME)  # noqa: E731
    grey = np.array([0, 100, 66, 22, 10, 80], dtype=np.float32)[labels]
    chance = np.eye(6, dtype=np.float32)[labels][..., 1:]
    anatomy = Anatomy(place(grey), place(labels), place(chance), place(np.isin(labels, [1, 2])))
    return anatomy, scalp_surface(anatomy), lambda points: Points(points.xyz_mm, FRAME)
