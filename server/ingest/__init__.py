"""The hosts' side of the server: enrolment, the control and data streams, durable storage before every acknowledgement."""
