"""From a person's MRI to a personalised TMS treatment plan. Research use only."""

__version__ = "0.1.0"

__all__ = ["__version__"]
