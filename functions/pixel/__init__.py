"""The image whose request is an open."""
