"""Whose data these are: raw BIDS and what other programs left, each behind the same door."""

from tmsguide.pipeline.sources.finding import find_source, people_in
from tmsguide.pipeline.sources.source import Cleaner, GivenHead, Source, SourceRun

__all__ = ["Cleaner", "GivenHead", "Source", "SourceRun", "find_source", "people_in"]
