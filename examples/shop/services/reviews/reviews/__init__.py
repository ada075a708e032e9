"""The reviews: what people think of what they bought, kept in MongoDB.

A design has one document with everything that is said about it, in whichever colour,
so that a page needs to ask for one thing.
"""
