"""`python -m neural_predictor` is the command `neural-predictor`."""

from neural_predictor.cli.app import main

main()
