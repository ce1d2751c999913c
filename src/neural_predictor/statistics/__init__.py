"""The project's statistics: bootstrap intervals, Kendall tau, reliability of labels."""
