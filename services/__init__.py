"""The domain: each service as AWS documents it, with no wire, no socket and no wall clock."""
