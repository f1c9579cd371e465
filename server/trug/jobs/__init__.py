"""Work in the background: one pass, bounded, resumable."""
