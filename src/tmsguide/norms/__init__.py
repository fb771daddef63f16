"""Norms: what a reference cohort shows, and how far one person lies from it."""

from tmsguide.norms.ages import AgeCurve, AgeShape
from tmsguide.norms.design import LEAST_PEOPLE, LEAST_PER_GROUP, PER_PARAMETER
from tmsguide.norms.deviations import Outside, cohort_words, deviation, in_order, outside
from tmsguide.norms.fitted import Design, Norms, Sites, Spread
from tmsguide.norms.fitting import fit_norms
from tmsguide.norms.harmonising import harmonised
from tmsguide.norms.local_controls import with_local_controls
from tmsguide.norms.network_measures import network_measures, networks_in
from tmsguide.norms.people import COVARIATES, Cohort, Covariates, Person
from tmsguide.norms.predicting import Predicted, UnknownSite, cautions, predicted

__all__ = [
    "COVARIATES",
    "LEAST_PEOPLE",
    "LEAST_PER_GROUP",
    "PER_PARAMETER",
    "AgeCurve",
    "AgeShape",
    "Cohort",
    "Covariates",
    "Design",
    "Norms",
    "Outside",
    "Person",
    "Predicted",
    "Sites",
    "Spread",
    "UnknownSite",
    "cautions",
    "cohort_words",
    "deviation",
    "fit_norms",
    "harmonised",
    "in_order",
    "network_measures",
    "networks_in",
    "outside",
    "predicted",
    "with_local_controls",
]
