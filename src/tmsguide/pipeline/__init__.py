"""The only composer: steps with a content key, one person's run, the demonstration."""

from tmsguide.pipeline.demo import DemoPerson, make_demo_person, small_settings
from tmsguide.pipeline.dicom import DicomImport, import_dicom
from tmsguide.pipeline.head_only import HeadSummary, run_head
from tmsguide.pipeline.head_search import HeadSearch, check_search, search_head_file
from tmsguide.pipeline.listener import Listener, Silent
from tmsguide.pipeline.participant import run_participant
from tmsguide.pipeline.request import Request, check_request
from tmsguide.pipeline.search_folder import SearchSummary, publish_search
from tmsguide.pipeline.settings import Settings
from tmsguide.pipeline.sources import people_in
from tmsguide.pipeline.summary import Summary

__all__ = [
    "DemoPerson",
    "DicomImport",
    "HeadSearch",
    "HeadSummary",
    "Listener",
    "Request",
    "SearchSummary",
    "Settings",
    "Silent",
    "Summary",
    "check_request",
    "check_search",
    "import_dicom",
    "make_demo_person",
    "people_in",
    "publish_search",
    "run_head",
    "run_participant",
    "search_head_file",
    "small_settings",
]
