"""Tables that ship with tmsguide, each with its sources."""
