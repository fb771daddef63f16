"""A mark on the person's left is found on the left of MNI, where the map says."""

import numpy as np

from tmsguide.model import MNI, Frame, Volume, Warp
from tmsguide.pipeline.carried import in_mni

T1W = Frame("sub-x/T1w")


def test_a_left_mark_stays_left_and_where_the_map_sends_it():
    shift = np.array([5.0, -8.0, 6.0])
    grid = np.diag([40.0, 40.0, 40.0, 1.0])
    grid[:3, 3] = -160
    displacement = np.broadcast_to(shift, (9, 9, 9, 3)).astype(np.float32)
    t1w_from_mni = Warp(displacement, grid, MNI, T1W)
    affine = np.diag([-1.5, 1.5, 1.5, 1.0])  # stored right to left
    affine[:3, 3] = [100, -120, -80]
    mark = np.array([-38.0, 44.0, 26.0])
    voxel = np.indices((130, 150, 120)).reshape(3, -1).T
    world = voxel @ affine[:3, :3].T + affine[:3, 3]
    data = np.exp(-0.5 * ((world - mark) ** 2).sum(axis=1) / 16).reshape(130, 150, 120)
    out = in_mni(Volume(data.astype(np.float32), affine, T1W), t1w_from_mni)
    weight = out.data.ravel()
    index = np.indices(out.data.shape).reshape(3, -1).T
    middle = weight @ index / weight.sum() @ np.eye(3) * 2.0 + out.frame_from_voxel[:3, 3]
    assert out.frame == MNI
    assert np.abs(middle - (mark - shift)).max() < 0.02
    assert middle[0] < 0
