"""What the page cites beside the sources of methods, rules and protocols."""

__all__ = ["REFERENCES"]

REFERENCES: tuple[str, ...] = (
    "Cash RFH et al. 2021. Personalized connectivity-guided DLPFC-TMS for depression: advancing "
    "computational feasibility, precision and reproducibility. Hum Brain Mapp 42:4155. "
    "doi:10.1002/hbm.25330",
    "Fox MD et al. 2012. Efficacy of TMS targets for depression is related to intrinsic "
    "functional connectivity with the subgenual cingulate. Biol Psychiatry 72:595. "
    "doi:10.1016/j.biopsych.2012.04.028",
    "Weigand A et al. 2018. Prospective validation that subgenual connectivity predicts "
    "antidepressant efficacy of TMS sites. Biol Psychiatry 84:28. "
    "doi:10.1016/j.biopsych.2017.10.028",
    "JAMA Psychiatry 2026, randomised trial of connectivity- against scalp-targeted accelerated "
    "TMS, 40 people: more responded. doi:10.1001/jamapsychiatry.2026.1100",
    "Elbau IG et al. 2023. Functional connectivity mapping for rTMS target selection in "
    "depression. Am J Psychiatry 180:230; 295 people: weak. doi:10.1176/appi.ajp.20220306",
    "Khosravani 2025. Mol Psychiatry; 66 people followed forward: no link found. "
    "doi:10.1038/s41380-025-03153-3",
    "Gregory 2025. Preprint; 501 people: distance to an individual target without link to "
    "outcome. doi:10.1101/2025.07.09.662866",
    "Politis DN, Romano JP 1992. A circular block-resampling procedure for stationary data. In: "
    "Exploring the Limits of Bootstrap, Wiley, 263.",
    "Bellec P et al. 2010. Multi-level bootstrap analysis of stable clusters in resting-state "
    "fMRI. NeuroImage 51:1126. doi:10.1016/j.neuroimage.2010.02.082",
    "Hyndman RJ 1996. Computing and graphing highest density regions. Am Stat 50:120. "
    "doi:10.1080/00031305.1996.10474359",
    "Noble S et al. 2019. A decade of test-retest reliability of functional connectivity. "
    "NeuroImage 203:116157. doi:10.1016/j.neuroimage.2019.116157",
    "Thielscher A, Antunes A, Saturnino GB 2015. Field modeling for TMS: a useful tool to "
    "understand the physiological effects of TMS? IEEE EMBC. doi:10.1109/EMBC.2015.7318340",
    "Fonov V et al. 2009. Unbiased nonlinear average age-appropriate brain templates from birth "
    "to adulthood. NeuroImage 47:S102. doi:10.1016/S1053-8119(09)70884-5",
    "Okabe M, Ito K 2008. Color universal design (figure colours).",
)
