"""The hosts' side of the server: enrolment, control and data streams, durable storage before every acknowledgement."""
