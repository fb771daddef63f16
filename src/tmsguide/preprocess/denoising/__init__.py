"""What is not of the brain's doing, and its removal in one regression."""
