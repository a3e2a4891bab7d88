"""Reading files that people export from other systems, in whatever layout they have."""
