"""The replays: the moves of every match, a document each, and what they came to.

Only neighbours reach it. It takes nobody's word for a score: it plays the moves again,
and keeps what came of it.
"""
