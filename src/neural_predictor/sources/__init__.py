"""Raw files: found in a package, taken from where the user has them, or downloaded, and always checked."""
