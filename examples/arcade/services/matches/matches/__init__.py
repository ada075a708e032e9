"""The matches: everything that was ever played, as it is asked for.

Only neighbours reach it. It only ever adds: rows of a player and of a day, and totals.
"""
