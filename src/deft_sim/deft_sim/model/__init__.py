"""MuJoCo models of the workcell, built from primitives and procedural meshes of our own."""
