"""What the Snakefile stands on: the plan, the code of a stage, runs and their locks, the manifest."""
