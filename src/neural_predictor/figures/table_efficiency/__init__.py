"""Sample efficiency of the searches."""
