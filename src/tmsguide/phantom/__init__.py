"""A generated person with a planted truth, for demonstrations and tests. Not a real person."""

from tmsguide.phantom.generation import Phantom, person
from tmsguide.phantom.settings import PhantomSettings

__all__ = ["Phantom", "PhantomSettings", "person"]
