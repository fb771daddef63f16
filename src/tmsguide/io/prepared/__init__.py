"""What fMRIPrep, XCP-D and the HCP pipelines left of one person."""
