"""The MnasNet space of Accel-NASBench: seven stages of inverted bottlenecks, one kind of layer each."""
