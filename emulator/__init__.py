"""The world side of Undercast: wire, sockets, time, entropy, neighbours. Composed in `app`."""
