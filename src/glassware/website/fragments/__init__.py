"""Pages out of fragments.

`template` is what a page's template says; each fragment becomes a `piece` of the
`page`, which has `turns` for those of its own process. Its `beginning` finds the `target`
that its name leads to; it is asked for by `call`, or of the `own` application; its `html`
is put in its place by `filling`.
`missing` says what stands there otherwise, `head` what the page takes of its headers.
`assets` are the scripts and styles that fragments name. `alone` is for code without
a page, `framing` for whoever opens a fragment in a browser.
"""
