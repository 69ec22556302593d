"""Somebody at a terminal of a machine cut off from the world: run as a program inside namespaces of its own.

    unshare --net --mount python newcomer.py '{"checkout": …, "data": …, "home": …, "acts": […]}'

It raises the loopback, mounts the checkout read-only when asked, becomes an ordinary user when asked, and then plays the
acts, each on a terminal of its own; what it saw is printed as JSON. The standard library alone: nothing is installed yet.
"""

from __future__ import annotations

import fcntl
import http.client
import http.cookiejar
import json
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

LOOPBACK_UP = struct.pack("16sH14x", b"lo", 0x1 | 0x40)  # IFF_UP, IFF_RUNNING
SIOCSIFFLAGS = 0x8914
CTRL_C = b"\x03"


def cut_off() -> None:
    """Bring the loopback of this namespace up; it has nothing else."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        fcntl.ioctl(line, SIOCSIFFLAGS, LOOPBACK_UP)


def mount(source: str, at: str, *, read_only: bool) -> None:
    subprocess.run(["mount", "--bind", source, at], check=True)
    if read_only:
        subprocess.run(["mount", "-o", "remount,bind,ro", at], check=True)


def reaches_a_network() -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        try:
            line.connect(("192.0.2.1", 53))
        except OSError:
            return False
    return True


class Terminal:
    """A program on a terminal, where Ctrl-C is a key that is pressed."""

    def __init__(self, argv: list[str], cwd: str, env: dict[str, str]) -> None:
        self.said = ""
        self.pid, self._keys = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            os.execvpe(argv[0], argv, env)  # noqa: S606

    def _read(self, seconds: float) -> bool:
        if not select.select([self._keys], [], [], seconds)[0]:
            return True
        try:
            part = os.read(self._keys, 65536)
        except OSError:  # the last one who had the terminal is gone
            return False
        self.said += part.decode(errors="replace")
        return bool(part)

    def until(self, text: str, seconds: float) -> None:
        end = time.monotonic() + seconds
        while text not in self.said:
            if not self._read(0.2) or time.monotonic() > end:
                raise SystemExit(f"{text!r} was not said:\n{self.said}")

    def press(self, key: bytes) -> None:
        os.write(self._keys, key)

    def end(self, seconds: float) -> int:
        """The exit code, once it has ended."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._read(0.1)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                os.close(self._keys)
                return os.waitstatus_to_exitcode(status)
        os.killpg(self.pid, signal.SIGKILL)
        raise SystemExit(f"It did not end:\n{self.said}")


def left_behind(data: str) -> list[str]:
    """Command lines of processes that carry the data folder in their environment."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if f"CONCORD_DATA={data}".encode() in (entry / "environ").read_bytes().split(b"\0"):
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:  # it ended meanwhile, or is somebody else's
            continue
    return found


def first_administrator(port: int) -> dict[str, object]:
    """What a new installation asks for on its first page, answered; and who is signed in afterwards."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    with opener.open(f"http://127.0.0.1:{port}/", timeout=30) as page:
        address, text = page.url, page.read().decode()
    fields = dict(re.findall(r'<input[^>]*name="(csrfmiddlewaretoken)"[^>]*value="([^"]+)"', text))
    names = re.findall(r'<input[^>]*name="([^"]+)"', text)
    typed = {"email": "first@example.org", "name": "First Person"}
    for name in names:
        if name not in fields:
            fields[name] = typed.get(name, "a long enough passphrase" if "password" in name else "First")
    sent = urllib.parse.urlencode(fields).encode()
    with opener.open(urllib.request.Request(address, sent, {"Referer": address}), timeout=30) as page:  # noqa: S310
        after, text = page.url, page.read().decode()
    return {"asked_at": address, "fields": names, "then": after, "named": "First Person" in text or "first@" in text}


def page(port: int, path: str) -> int:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    line.request("GET", path)
    return line.getresponse().status


def play(act: dict, told: dict, env: dict[str, str]) -> dict[str, object]:
    """One command on a terminal until a text is said, then what is to be seen, then Ctrl-C."""
    began = time.monotonic()
    terminal = Terminal(["make", *act["make"]], told["checkout"], env)
    terminal.until(act["until"], act.get("seconds", 400))
    seen: dict[str, object] = {"seconds": round(time.monotonic() - began, 1)}
    if path := act.get("page"):
        seen["status"] = page(told["port"], path)
    if act.get("first_administrator"):
        seen["first"] = first_administrator(told["port"])
    time.sleep(act.get("later", 0))
    terminal.press(CTRL_C)
    began = time.monotonic()
    seen["exit"] = terminal.end(30)
    seen["ended_in"] = round(time.monotonic() - began, 1)
    seen["left"] = left_behind(told["data"])
    seen["said"] = terminal.said
    return seen


def main() -> None:
    told = json.loads(sys.argv[1])
    cut_off()
    if told.get("read_only"):
        mount(told["checkout"], told["checkout"], read_only=True)
    python = Path(told["python"])
    python.mkdir(exist_ok=True)
    mount(sys.base_prefix, str(python), read_only=True)  # where an ordinary user can reach it
    if told.get("uid"):
        os.setgroups([])
        os.setgid(told["uid"])
        os.setuid(told["uid"])
    env = {"HOME": told["home"], "LANG": "C.UTF-8", "PATH": f"{python}/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
    env |= {
        "LD_LIBRARY_PATH": f"{python}/lib"
    }  # where a Python built as a library is looked for otherwise may be closed
    env |= {"CONCORD_DATA": told["data"], "PORT": str(told["port"]), "PIP_CONFIG_FILE": os.devnull}
    env |= told.get("env", {})
    seen = {
        "network": reaches_a_network(),
        "checkout_writable": os.access(told["checkout"], os.W_OK),
        "acts": [play(act, told, env) for act in told["acts"]],
    }
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
