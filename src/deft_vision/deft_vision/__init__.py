"""Visual and text encoders by name: published ones from their checkpoints, and the small ones that ship."""
