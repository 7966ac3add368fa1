"""Putting a pixel into a message, byte for byte."""
