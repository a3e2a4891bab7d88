"""Verbs: each takes a session and an actor, flushes, and leaves the commit to the edge that called it."""
