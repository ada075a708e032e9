"""Who visits: `proxy` says it, `identity` signs in and out, `login` insists on it."""
