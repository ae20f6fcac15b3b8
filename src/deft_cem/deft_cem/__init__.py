"""Learning from thirty tries: ask/tell optimisers, residual policies, the record of a run and the fine-tuning loop."""
