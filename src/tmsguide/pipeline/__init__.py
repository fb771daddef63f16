"""The only composer: steps with a content key, one person's run, the demonstration."""

from tmsguide.pipeline.demo import DemoPerson, make_demo_person, small_settings
from tmsguide.pipeline.listener import Listener, Silent
from tmsguide.pipeline.participant import run_participant
from tmsguide.pipeline.request import Request, check_request, wanted_labels
from tmsguide.pipeline.settings import Settings
from tmsguide.pipeline.summary import Summary

__all__ = [
    "DemoPerson",
    "Listener",
    "Request",
    "Settings",
    "Silent",
    "Summary",
    "check_request",
    "make_demo_person",
    "run_participant",
    "small_settings",
    "wanted_labels",
]
