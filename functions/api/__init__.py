"""Settings, sending and activity over HTTPS."""
