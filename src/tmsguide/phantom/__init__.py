"""A generated person with a planted truth, for demonstrations and tests. Not a real person."""

from tmsguide.phantom.person import Phantom, person
from tmsguide.phantom.settings import PhantomSettings

__all__ = ["Phantom", "PhantomSettings", "person"]
