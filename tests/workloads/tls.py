"""TLS workloads: a certificate of their own, and for `statements.py` both ends of a connection in one process.

connected() gives (client, server side) of one connection that has shaken hands, as sockets of Python's ssl.
"""

from __future__ import annotations

import subprocess
from pathlib import Path


def certificate(folder: Path) -> tuple[Path, Path]:
    """Files of a new certificate for localhost and of its key."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"]
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run([*new, *subject, "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)
    return cert, key


def before(folder: Path) -> str:
    cert, key = certificate(folder)
    return f"""
import json, os, socket, ssl, threading, time
serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
serving.load_cert_chain({str(cert)!r}, {str(key)!r})
asking = ssl.create_default_context(cafile={str(cert)!r})

def connected():
    here, there = socket.socketpair()
    ends = []
    accept = threading.Thread(target=lambda: ends.append(serving.wrap_socket(there, server_side=True)))
    accept.start()
    client = asking.wrap_socket(here, server_hostname="localhost")
    accept.join()
    return client, ends[0]

client, server = connected()
"""
