"""Whether a web server is well: asked by the supervisor, and by the container as `python -m launch.health`."""

from __future__ import annotations

import http.client
import os
import sys
from urllib.parse import urlsplit


def answers(url: str, public_url: str = "", timeout: float = 2.0) -> bool:
    """Whether `url` answers its health check.

    The request bears the public host's name, the one name a server must know. A server that insists on HTTPS and is
    asked without its proxy sends us there; that is an answer too.
    """
    at, public = urlsplit(url), urlsplit(public_url or url)
    line = http.client.HTTPConnection(at.hostname, at.port, timeout=timeout)
    try:
        line.request("GET", "/healthz", headers={"Host": public.netloc, "X-Forwarded-Proto": public.scheme})
        return line.getresponse().status in {200, 301}
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()


def main() -> int:
    well = answers(f"http://127.0.0.1:{os.environ.get('PORT') or 8000}", os.environ.get("PUBLIC_URL", ""))
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
