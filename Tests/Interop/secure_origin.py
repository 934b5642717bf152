"""The peer origin over TLS, vouched for by an authority that no system knows."""

import ssl

import trustme

from http_peer import PeerServer
from peer_origin import HIDDEN_NAMES


class SecureOrigin:
    """Further servers in front of the same `origin`, over TLS and under the names of `HIDDEN_NAMES`.

    `authority_file` is the authority's certificate, `other_file` that of another one; `certificate_names` are the names
    that the servers' own certificate has. The origin names these servers in what it hands out.
    """

    def __init__(self, origin, folder, certificate_names=(*HIDDEN_NAMES.values(), "127.0.0.1")):
        self._origin = origin
        authority = trustme.CA()
        self.authority_file = folder / "authority.pem"
        authority.cert_pem.write_to_path(self.authority_file)
        self.other_file = folder / "other.pem"
        trustme.CA().cert_pem.write_to_path(self.other_file)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*certificate_names).configure_cert(context)
        self._servers = {}
        for server in origin.servers:
            secure = PeerServer(server.name, server.route, origin.log)
            secure.socket = context.wrap_socket(secure.socket, server_side=True)
            self._servers[server.name] = secure
            server.public_url = f"https://{HIDDEN_NAMES[server.name]}"
        origin.cas_side.data_url = origin.cdn.public_url

    @property
    def names(self):
        """The ports behind the names."""
        return {name: self._servers[server].port for server, name in HIDDEN_NAMES.items()}

    @property
    def hub_url(self):
        """The Hub by its address; what it hands out names other servers."""
        return f"https://127.0.0.1:{self._servers['hub'].port}"

    def stop(self):
        for server in self._servers.values():
            server.stop()
