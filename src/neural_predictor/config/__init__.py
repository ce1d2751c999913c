"""The configuration, all of it pydantic: project, studies and their sections, recipes of children."""
