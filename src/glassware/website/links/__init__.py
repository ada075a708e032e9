"""Links to neighbours: `hook` gives them to Flask, `urls` to everybody else."""
