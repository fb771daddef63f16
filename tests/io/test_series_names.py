"""Series are told apart by their physics; what is not surely of use is left aside."""

from pathlib import Path

import pytest

from tmsguide.io import ConvertedSeries, SeriesKind, named_series
from tmsguide.io.bids.series_names import series_kind

VOLUME = (256, 256, 176)


def one(number, shape, **metadata):
    return ConvertedSeries(Path(f"{number}.nii"), {"SeriesNumber": number, **metadata}, shape)


def epi(number, volumes, words="", echo=None, **more):
    extra = {"EchoNumber": echo} if echo else {}
    return one(
        number,
        (64, 64, 36, volumes) if volumes > 1 else (64, 64, 36),
        ScanningSequence="EP",
        SeriesDescription=words,
        **extra,
        **more,
    )


@pytest.mark.parametrize(
    ("series", "kind"),
    [
        (one(1, VOLUME, MRAcquisitionType="3D", SeriesDescription="t1_mprage"), "T1w"),
        (one(1, VOLUME, MRAcquisitionType="3D", InversionTime=0.9), "T1w"),
        (one(1, VOLUME, MRAcquisitionType="3D", SeriesDescription="t2_space_sag"), "T2w"),
        (one(1, VOLUME, MRAcquisitionType="2D", SeriesDescription="t1_se"), "left aside"),
        (one(1, (256, 256, 3), SeriesDescription="localizer"), "left aside"),
        (epi(1, 300, "resting"), "bold"),
        (epi(1, 65, "ep2d_diff_64dir"), "left aside"),
        (epi(1, 1, "rest_SBRef"), "sbref"),
        (epi(1, 3, "SE_fieldmap_AP"), "epi"),
        (epi(1, 4, "something"), "left aside"),
        (epi(1, 300, "rest", ImageType=["ORIGINAL", "PRIMARY", "P"]), "left aside"),
        (one(1, (64, 64, 36), ImageType=["ORIGINAL", "PRIMARY", "P"]), "phasediff"),
        (one(1, (64, 64, 36), SeriesDescription="gre_field_mapping"), "magnitude"),
        (
            one(1, VOLUME, MRAcquisitionType="3D", InversionTime=1, ImageType=["DERIVED"]),
            "left aside",
        ),
    ],
)
def test_what_a_series_is(series, kind):
    assert series_kind(series) is SeriesKind(kind)


def test_names_number_repeats_and_keep_echoes_together():
    series = [
        epi(9, 300, "rest", echo=2, EchoTime=0.028),
        epi(9, 300, "rest", echo=1, EchoTime=0.012),
        epi(7, 300, "rest", echo=1),
        epi(7, 300, "rest", echo=2),
        epi(5, 2, "fieldmap", PhaseEncodingDirection="j"),
        epi(6, 2, "fieldmap", PhaseEncodingDirection="j-"),
        one(3, VOLUME, MRAcquisitionType="3D", SeriesDescription="mprage"),
        one(1, (64, 64, 3), SeriesDescription="scout"),
    ]
    named, left = named_series(series, task="rest")
    assert [n.stem for n in named] == [
        "T1w",
        "dir-PA_epi",
        "dir-AP_epi",
        "task-rest_run-1_echo-1_bold",
        "task-rest_run-1_echo-2_bold",
        "task-rest_run-2_echo-1_bold",
        "task-rest_run-2_echo-2_bold",
    ]
    assert [n.folder for n in named] == ["anat", "fmap", "fmap", *["func"] * 4]
    assert [s.path.name for s in left] == ["1.nii"]


def test_a_gradient_echo_fieldmap_has_two_magnitudes_and_a_difference():
    words = {"SeriesDescription": "gre_field_mapping"}
    series = [
        one(4, (64, 64, 36), EchoNumber=1, EchoTime=0.00492, **words),
        one(4, (64, 64, 36), EchoNumber=2, EchoTime=0.00738, **words),
        one(5, (64, 64, 36), EchoNumber=2, ImageType=["ORIGINAL", "P"], **words),
    ]
    named, _ = named_series(series, task="rest")
    assert [n.stem for n in named] == ["magnitude1", "magnitude2", "phasediff"]
