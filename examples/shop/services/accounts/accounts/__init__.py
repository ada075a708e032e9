"""The accounts: who has registered, kept in PostgreSQL.

It alone knows passwords, and signs visitors in for the whole site.
"""
