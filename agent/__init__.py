"""The daemon on a host: link, warden and runners."""
