"""An address on this machine from which ffmpeg reads one asset, by range, for as long as it runs (decisions 25).

ffmpeg seeks, so a pipe will not do, and a plain file must not be. So this process answers on a port of its own, on the
loopback interface alone, under a path nobody can guess; both are gone when the block ends.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from consent import ranges
from consent.assets.reading import opener
from consent.models import Asset


@contextmanager
def loopback_address(asset: Asset) -> Iterator[str]:
    """The address to give to ffmpeg, valid inside the block: `with loopback_address(asset) as url: …`."""
    server = _Server(("127.0.0.1", 0), _Answer)
    server.path, server.opener, server.media_type = f"/{secrets.token_urlsafe(32)}", opener(asset), asset.media_type
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}{server.path}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if not hmac.compare_digest(self.path.encode(), self.server.path.encode()):
            self.send_error(404)
            return
        with self.server.opener() as stream, suppress(BrokenPipeError, ConnectionResetError):
            try:
                span = ranges.asked(self.headers.get("Range") if self.command == "GET" else None, stream.size)
            except ranges.Unsatisfiable:
                self._head(416, {"Content-Range": f"bytes */{stream.size}", "Content-Length": "0"})
                return
            self._head(206 if span.partial else 200, {"Content-Type": self.server.media_type, **span.headers()})
            if self.command == "GET":
                for block in ranges.blocks(stream, span):
                    self.wfile.write(block)

    do_HEAD = do_GET

    def log_message(self, *_args: object) -> None:
        """Addresses are secrets; nothing of them is logged."""

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
