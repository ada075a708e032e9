"""The lobby: who is here, who plays, and today's best. All of it is soon forgotten.

Only neighbours reach it. It hands out rounds: a number to play by, for one player,
once. What becomes of a round is for others to keep.
"""
