"""What the back office decides: the news, and whose name is not shown."""
