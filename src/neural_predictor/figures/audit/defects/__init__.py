"""The defects, a function each, named by `config.defects.DEFECTS`: no honest figure imports them, as a test sees to."""
