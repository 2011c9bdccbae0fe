"""Bytes to parameters and back, sans I/O: one compiled route an operation and protocol."""
