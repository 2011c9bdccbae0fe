"""Where function code runs: child processes, each with a Runtime API of its own on loopback."""
