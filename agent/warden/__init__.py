"""Root on the host, small and without network: decides what may be traced here, and starts, limits and ends runners."""
