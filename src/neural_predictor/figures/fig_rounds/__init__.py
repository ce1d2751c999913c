"""What parallelism costs: trainings to a level by batch."""
