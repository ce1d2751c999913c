"""The defects, a function each: `config.defects.DEFECTS` names them. No honest figure imports them (a test sees to it)."""
