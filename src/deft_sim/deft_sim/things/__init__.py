"""Things that stand on the table, each kind a file: parameters from YAML, MuJoCo bodies out."""
