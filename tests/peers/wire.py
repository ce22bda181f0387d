"""A tap on the wire: a relay in front of a server that keeps every byte which goes either way.

What it keeps is what anybody on the way would see. A connection's bytes stand in NAME.N.open while it lasts, in
NAME.N.wire when both sides have ended: whoever looks waits until nothing is open.
"""

import itertools
import socket
import threading


def listen(serve):
    """The port of a server that calls serve(connection), each in a thread, until the process ends."""
    server = socket.create_server(("127.0.0.1", 0), backlog=50)

    def accept():
        while True:
            connection, _ = server.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return server.getsockname()[1]


def pump(source, target, kept):
    try:
        while piece := source.recv(65536):
            kept.write(piece)
            target.sendall(piece)
    except OSError:
        pass
    for end, way in ((source, socket.SHUT_RD), (target, socket.SHUT_WR)):
        try:
            end.shutdown(way)
        except OSError:
            pass  # it is down already


def relay(client, port, path):
    opened = path.with_name(path.name + ".open")
    with client, open(opened, "wb", buffering=0) as kept, socket.create_connection(("127.0.0.1", port)) as server:
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        back = threading.Thread(target=pump, args=(server, client, kept), daemon=True)
        back.start()
        pump(client, server, kept)
        back.join()
    opened.rename(path.with_name(path.name + ".wire"))


def tap(port, path):
    """The port of the tap in front of that port; PATH.N.wire gets the bytes."""
    numbers = itertools.count(1)
    return listen(lambda client: relay(client, port, path.with_name(f"{path.name}.{next(numbers)}")))
