"""From a T1w to the labels of a whole head."""
