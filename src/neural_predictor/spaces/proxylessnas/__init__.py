"""The ProxylessNAS space: chains of 22 inverted bottlenecks, and what they cost."""
