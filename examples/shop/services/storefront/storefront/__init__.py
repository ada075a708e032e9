"""The storefront: the pages on which visitors look around.

It has no database. Products it asks of the catalog, without which there is nothing to
show; the cart, the accounts and the reviews put fragments of their own into its pages.
"""
