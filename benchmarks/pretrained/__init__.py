"""Pretrained weights of packages, in files that `pretrained=` takes."""
