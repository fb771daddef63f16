"""A user's prior file, from disk to the head room."""

import numpy as np
import pytest

from tests.tolerance import STORED, assert_close
from tmsguide.errors import InputError
from tmsguide.head import head_prior, prior_from_maps
from tmsguide.io import mni_maps, read_prior, write_nifti
from tmsguide.model import Volume
from tmsguide.pipeline import Settings
from tmsguide.pipeline.request import check_request


def coarse(volume):
    step = np.diag([4.0, 4, 4, 1])
    return Volume(volume.data[::4, ::4, ::4], volume.frame_from_voxel @ step, volume.frame)


def test_a_file_in_spm_order_becomes_the_same_prior(tmp_path):
    ours = head_prior(*map(coarse, mni_maps())).probability
    spm = ours.data[..., [1, 0, 2, 3, 4, 5]]  # GM, WM, CSF, bone, soft tissue, air
    path = write_nifti(Volume(spm, ours.frame_from_voxel, ours.frame), tmp_path / "TPM.nii.gz")
    back = prior_from_maps(read_prior(path)).probability
    assert_close(back.data, ours.data, STORED)


def test_a_prior_that_is_no_prior_is_refused_before_any_work(tmp_path):
    (tmp_path / "bids" / "sub-01").mkdir(parents=True)
    settings = Settings()
    anatomy = type(settings.anatomy)(prior_path=str(tmp_path / "none.nii"))
    settings = type(settings)(anatomy=anatomy)
    with pytest.raises(InputError, match=r"none\.nii"):
        check_request(
            tmp_path / "bids", tmp_path / "out", labels=None, work_dir=None, settings=settings
        )
