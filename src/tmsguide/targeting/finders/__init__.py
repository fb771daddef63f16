"""From maps or series over a search area to one place, for many resamples at once."""
