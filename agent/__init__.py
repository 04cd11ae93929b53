"""The daemon on a host: link, warden and runners."""

VERSION = "0.1.0"
