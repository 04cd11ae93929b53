"""A fleet in a box for the agent's tests: certificates, a server that keeps what it gets, a host to kill things on."""
