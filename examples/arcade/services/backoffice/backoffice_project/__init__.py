"""The back office: Django's admin, for those who run the arcade."""
