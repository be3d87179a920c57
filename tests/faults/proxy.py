"""Between a desk and PostgreSQL: connections break at a COMMIT, before it arrives or after it was done."""

import selectors
import socket
import threading
from pathlib import Path

SOCKET = ".s.PGSQL.5432"
COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"
"""As a client sends it: a simple query."""
MOST = 1 << 16


class Proxy:
    """`with Proxy(folder of the server's socket, own folder) as proxy:`, then `proxy.cuts = [...]`: what
    happens to the next COMMITs, "before", "after" or "" for nothing. `proxy.cut` counts what was cut."""

    def __init__(self, behind: str, folder: Path) -> None:
        self.folder, self.cuts, self.cut = folder, [], 0
        self._behind = f"{behind}/{SOCKET}"
        self._listener = socket.socket(socket.AF_UNIX)
        self._lock = threading.Lock()

    def __enter__(self) -> "Proxy":
        self._listener.bind(str(self.folder / SOCKET))
        self._listener.listen(100)
        threading.Thread(target=self._accept, name="proxy", daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        with client, server, selectors.DefaultSelector() as both:
            server.connect(self._behind)
            both.register(client, selectors.EVENT_READ, server)
            both.register(server, selectors.EVENT_READ, client)
            while all(self._pass(key.fileobj, key.data, client) for key, _ in both.select()):
                pass

    def _pass(self, source: socket.socket, target: socket.socket, client: socket.socket) -> bool:
        said = source.recv(MOST)
        fate = self._fate() if source is client and COMMIT in said else ""
        if not said or fate == "before":
            return False
        target.sendall(said)
        if fate == "after":
            target.recv(MOST)  # the server has committed, and nobody hears of it
        return not fate

    def _fate(self) -> str:
        with self._lock:
            fate = self.cuts.pop(0) if self.cuts else ""
            self.cut += bool(fate)
        return fate
