"""Type descriptions of interface members, under upstream's module name (`SLOT_TYPES` is made of them)."""
