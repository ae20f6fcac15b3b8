"""How a DEFT node runs as a process: begun, spun, and ended at whatever moment a signal comes."""
