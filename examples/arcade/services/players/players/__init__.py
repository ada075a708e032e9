"""The players: who has a name here, and their best score.

Here visitors enter, for the whole site. No other service sees a password.
"""
