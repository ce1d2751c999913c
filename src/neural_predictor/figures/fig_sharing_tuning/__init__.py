"""What methods that share weights find with drawn hyper-parameters."""
