"""The twin: a MuJoCo workcell that stands behind the device protocols, and its judge. No learning in here."""
