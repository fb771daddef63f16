"""Labels to graded tetrahedra, and the soundness of any mesh."""
