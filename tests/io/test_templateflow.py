"""Templates as TemplateFlow lays them on disk: named spaces, brain only, clear refusals."""

import numpy as np
import pytest

from tests.io.images import save
from tests.io.refusals import refused
from tmsguide.io import templateflow_t1
from tmsguide.model import Frame

NAME = "MNI152NLin2009cAsym"


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / f"tpl-{NAME}"
    image = np.random.default_rng(0).uniform(10, 100, (8, 9, 7)).astype(np.float32)
    mask = np.zeros(image.shape, np.uint8)
    mask[2:6, 2:6, 2:6] = 1
    save(folder / f"tpl-{NAME}_res-01_T1w.nii.gz", image)
    save(folder / f"tpl-{NAME}_res-01_desc-brain_mask.nii.gz", mask)
    return tmp_path


def test_the_template_is_brain_only_and_names_its_space(home):
    found = templateflow_t1(NAME, home)
    assert found.frame == Frame(NAME)
    assert (found.data[2:6, 2:6, 2:6] >= 10).all()
    assert found.data[0].max() == 0


def test_a_file_that_was_never_fetched_is_named(home):
    (home / f"tpl-{NAME}" / f"tpl-{NAME}_res-01_T1w.nii.gz").write_bytes(b"")
    refused(templateflow_t1, NAME, home, words=["res-01_T1w.nii.gz", "templateflow.api"])


def test_a_space_that_is_not_mni_is_refused(home):
    refused(templateflow_t1, "OASIS30ANTs", home, words=["none of the MNI 152 spaces"])


def test_image_and_mask_must_fit(home):
    save(
        home / f"tpl-{NAME}" / f"tpl-{NAME}_res-01_desc-brain_mask.nii.gz",
        np.eye(5, dtype=np.uint8)[None].repeat(5, 0),
    )
    refused(templateflow_t1, NAME, home, words=["shape"])
