"""Messages to people: the channels that take them, each in a process of its own."""
