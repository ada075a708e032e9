"""A store of lines behind a small server: an engine that is none of glassware's."""
