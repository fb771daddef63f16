"""Third-party programs behind the ports of `model`: bias correction and image registration."""

from tmsguide.engines.bias import correct_bias
from tmsguide.engines.deformable import register_deformable
from tmsguide.engines.linear import register_linear
from tmsguide.engines.similarity import shared_information

__all__ = ["correct_bias", "register_deformable", "register_linear", "shared_information"]
