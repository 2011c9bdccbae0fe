"""Undercast: a local AWS-style serverless emulator. This package is the client side only."""

__version__ = "0.1.0"
