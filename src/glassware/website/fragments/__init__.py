"""Pages out of fragments.

`template` is what a page's template says; each fragment becomes a `piece` of the
`page`, is asked for by `call` (of the `target` that its name leads to), and is put
in its place by `filling`. `missing` says what stands there otherwise. `assets` are
the scripts and styles that fragments name; `framing` is for whoever opens one alone.
"""
