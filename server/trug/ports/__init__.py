"""What the engine needs from outside, as Protocols in storage language."""
