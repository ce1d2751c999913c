"""Methods that share weights against architectures that were trained alone."""
