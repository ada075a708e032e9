"""The pages of the arcade, and the game.

It has no database: all that it shows belongs to its six neighbours. It does without
any of them as long as it can, and says so where something is missing.
"""
