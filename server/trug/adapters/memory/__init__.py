"""Both stores in memory: the executable specification."""
