"""What the functions share; never deployed by itself."""
