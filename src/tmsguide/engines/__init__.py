"""Third-party programs behind the ports of `model`: bias correction, registration, DICOM."""

from tmsguide.engines.bias import correct_bias
from tmsguide.engines.deformable import register_deformable
from tmsguide.engines.dicom import convert_dicom
from tmsguide.engines.linear import register_linear
from tmsguide.engines.similarity import shared_information

__all__ = [
    "convert_dicom",
    "correct_bias",
    "register_deformable",
    "register_linear",
    "shared_information",
]
