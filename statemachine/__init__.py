"""The Amazon States Language as a pure library. Empty until Step Functions is built on it."""
