"""The scripts and styles of a page and of its fragments: each loaded once, in order.

`tags` is what a template says, `links` how an answer names them on its way to the
`page` that loads them; `urls` says from where it may, `nonce` by what its policy
knows them.
"""
