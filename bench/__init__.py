"""Measurements of what has to be fast: `python -m bench` prints them and records them in `results.json`.

A subject is a module with a docstring and `measure()`, listed in `__main__`.
"""
