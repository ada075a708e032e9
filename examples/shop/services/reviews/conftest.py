"""Lets the tests import the package beside this file."""
