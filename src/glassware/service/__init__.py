"""What a Flask service may import: its neighbours and its databases."""
