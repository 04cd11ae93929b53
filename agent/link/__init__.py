"""The agent's only process with network: unprivileged, relays commands to the warden and uploads spooled frames."""
