"""The entrance of a cluster of Aurora DSQL: it requires TLS, and asks for a token as the password."""

import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "abc123.dsql.eu-west-1.on.aws"
"""The endpoint of the cluster."""
_SSL_REQUEST = struct.pack("!II", 8, 80877103)
_ASK_FOR_PASSWORD = b"R" + struct.pack("!II", 8, 3)


class Login(NamedTuple):
    """The messages that a client has sent to log in."""

    server_name: str | None
    parameters: dict[str, str]
    password: str


class Gateway:
    """A gateway that forwards the connections of all clients to a socket, after TLS and the login."""

    def __init__(self, target: Path, certificate: Path) -> None:
        self.logins: list[Login] = []
        self._target, self._names = target, list[str | None]()
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._context.sni_callback = lambda _, name, __: self._names.append(name)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.environment = {
            "PGHOSTADDR": "127.0.0.1",
            "PGPORT": str(self._listener.getsockname()[1]),
            "PGSSLROOTCERT": str(certificate),
        }
        """The environment variables that lead a client to this gateway, and make it trust the certificate."""
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Accept no more connections."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        # A client that does not trust the certificate closes the connection.
        with client, suppress(OSError):
            assert _read(client, 8) == _SSL_REQUEST
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.sendall(b"S")
            with self._context.wrap_socket(client, server_side=True) as secure:
                startup = _read(secure, 4)
                startup += _read(secure, struct.unpack("!I", startup)[0] - 4)
                secure.sendall(_ASK_FOR_PASSWORD)
                (length,) = struct.unpack("!xI", _read(secure, 5))
                password = _read(secure, length - 4).rstrip(b"\0").decode()
                words = startup[8:].rstrip(b"\0").decode().split("\0")
                parameters = dict(zip(words[::2], words[1::2], strict=True))
                self.logins.append(Login(self._names[-1], parameters, password))
                self._forward(secure, startup)

    def _forward(self, secure: ssl.SSLSocket, startup: bytes) -> None:
        with socket.socket(socket.AF_UNIX) as server:
            server.connect(str(self._target))
            server.sendall(startup)
            back = threading.Thread(target=_copy, args=(server, secure), daemon=True)
            back.start()
            _copy(secure, server)
            server.shutdown(socket.SHUT_RDWR)
            back.join()


def _read(source: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = source.recv(size - len(data))
        if not part:
            raise ConnectionResetError
        data += part
    return data


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)


@contextmanager
def running_gateway(target: Path, folder: Path) -> Iterator[Gateway]:
    """Yield the gateway of `HOST` in front of a socket. Its certificate is stored in `folder`."""
    gateway = Gateway(target, _create_certificate(folder, HOST))
    yield gateway
    gateway.close()


def _create_certificate(folder: Path, host: str) -> Path:
    """Write a key and a certificate of a host, which is its own root, to one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)]), datetime.now(UTC)
    builder: Any = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    certificate = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    pem = serialization.Encoding.PEM
    text = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / f"{host}.pem"
    path.write_bytes(text + certificate.sign(key, hashes.SHA256()).public_bytes(pem))
    return path
