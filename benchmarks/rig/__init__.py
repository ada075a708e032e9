"""What the scripts share: sites and servers to ask, load, figures."""
