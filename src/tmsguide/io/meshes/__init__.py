"""Head meshes: .msh of both versions, .vtu."""
