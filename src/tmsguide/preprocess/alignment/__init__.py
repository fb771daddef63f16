"""Where the functional scan lies on the T1w, and whether left is left."""
