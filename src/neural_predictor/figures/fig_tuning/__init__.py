"""The price of not tuning: what searches find with other hyper-parameters."""
