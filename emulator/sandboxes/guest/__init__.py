"""Files that run inside functions' processes, never in the server's: standard library only, by path, Python >= 3.10."""
