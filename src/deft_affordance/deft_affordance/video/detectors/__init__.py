"""Where labels come from: hand and object boxes, masks and hand poses, behind small protocols."""
