"""The Fleetscope server: a Django site for people, and a gRPC ingest for hosts, in one process or apart."""
