"""`python -m confradar` is the command."""

from confradar.cli import main

main()
