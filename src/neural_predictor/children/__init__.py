"""Children: architectures of the ProxylessNAS space, built and trained on images."""
