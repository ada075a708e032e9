"""The cart: what a visitor has put aside, kept in Valkey.

It knows products by their slug; names, prices and stock it asks of the catalog.
"""
