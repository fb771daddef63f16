"""Scans stored the other way round in the file, the same head in the world: the same target."""

import json
import shutil
from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest

from tests.end_to_end.runs import LABEL, SMALL, demo_request, half_written
from tests.tolerance import STORED, assert_close
from tmsguide.model import native_frame
from tmsguide.pipeline import Silent, check_request
from tmsguide.pipeline.anatomy import anatomy_step, normalisation_step
from tmsguide.pipeline.bench import Bench
from tmsguide.pipeline.function import bold_step
from tmsguide.pipeline.store import Store
from tmsguide.pipeline.stored import STORED as STORED_TYPES
from tmsguide.pipeline.targets import target_step

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("end-to-end")]


def stored_the_other_way(path):
    """Turn the first voxel axis round in the file, and the affine with it: no voxel moves."""
    scan = nib.load(path)
    data = np.asanyarray(scan.dataobj)
    n = data.shape[0]
    turn = np.diag([-1.0, 1, 1, 1])
    turn[0, 3] = n - 1
    affine = scan.affine @ turn
    out = nib.Nifti1Image(np.ascontiguousarray(data[::-1]), affine, scan.header)
    out.set_sform(affine, code=int(scan.header["sform_code"]))
    out.set_qform(affine, code=int(scan.header["qform_code"]))
    at = np.array([3, 4, 5, 1])
    assert_close(affine @ at, scan.affine @ [n - 1 - 3, 4, 5, 1], STORED)
    nib.save(out, path)
    return np.linalg.det(affine[:3, :3]) < 0


def found_target(request, store):
    bench = Bench(Store(store, STORED_TYPES), Silent(), {})
    inputs, settings = request.inputs, request.settings
    anatomy = anatomy_step(
        bench, inputs, native_frame(LABEL), settings=settings.anatomy, prior=None
    )
    to_mni = normalisation_step(bench, inputs, anatomy, settings=settings.anatomy)
    bold = bold_step(bench, inputs, anatomy=anatomy, normalisation=to_mni, settings=settings.bold)
    target = target_step(
        bench,
        bold,
        to_mni,
        settings=replace(settings.target, resamples=60),
        cleaning=settings.bold,
        networks=settings.networks,
        seed=settings.seed,
    )
    return target.content["targets"], bold.content["bold"]


def test_storage_order_does_not_move_the_target(demo, tmp_path):
    here = demo_request(demo)
    before = here.inputs.t1w, here.inputs.runs[0].files[0]
    bids = shutil.copytree(demo.bids, tmp_path / "bids")
    scans = [bids / path.relative_to(demo.bids) for path in before]
    turned = [stored_the_other_way(path) for path in scans]
    was = [np.linalg.det(nib.load(path).affine[:3, :3]) < 0 for path in before]
    assert turned == [not w for w in was]
    (there,) = check_request(
        bids, tmp_path / "out", labels=[LABEL], work_dir=None, settings=SMALL, truth=here.truth
    )
    other, other_clean = found_target(there, tmp_path / "store")
    found = np.array(json.loads((demo.person / "summary.json").read_text())["target_native_mm"])
    at = other.primary.point.xyz_mm[0]
    apart = float(np.linalg.norm(at - found))
    assert apart <= 4.001  # one step of the 4 mm grid; measured 0
    assert np.linalg.norm(at - here.truth.xyz_mm[0]) < 12
    assert at[0] < here.truth.xyz_mm[0, 0] + 12 < 0
    assert half_written(tmp_path) == []
    assert not (tmp_path / "out").exists()
    assert other_clean.runs[0].t1w_from_bold is not None
