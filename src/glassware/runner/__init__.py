"""Runs a plan: processes, their lives, their output.

`events` are what happens; `lifecycle` decides; `supervisor` wires the actors
(`servers`, `services`, `watch`, `control`) and owns every process. `guard` is
the parent that leaves nothing behind. This room stands one floor above
`engines` and `gateway`, because it is the one that drives them.
"""
