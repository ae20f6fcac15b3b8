"""From hours of human video to training samples: readers, detectors by file, contact labels, shards (appendix D)."""
