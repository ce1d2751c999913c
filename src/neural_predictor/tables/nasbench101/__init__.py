"""Reading NAS-Bench-101: the official TFRecord files, without TensorFlow."""
