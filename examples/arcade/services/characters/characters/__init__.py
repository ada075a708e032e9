"""The characters: the moths of the players, what they have learned and found.

Only neighbours reach it. A moth is one item, found by its player and kind, with all
that belongs to it; no two need have the same attributes.
"""
