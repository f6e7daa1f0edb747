"""The verbs of `./lab`, one small module each; see cli.py for the list."""
