"""What a fetch of the pixel means."""
