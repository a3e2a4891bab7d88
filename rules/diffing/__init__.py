"""The parts of `rules.diff`: what changed between two versions of a policy, and whether it is stricter or milder."""
