"""The web server: pages and JSON over the same functions as the command line."""
