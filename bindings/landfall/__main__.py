"""``python -m landfall`` is the command ``landfall``."""

from .cli import main

main()
