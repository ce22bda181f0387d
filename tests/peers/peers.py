#!/usr/bin/python3
"""Start all misbehaving peers, until standard input ends. Called by tests/peers/with-peers.

    peers.py DIR     DIR/pki holds the certificates; writes DIR/env: PEERS_NAME=PORT
"""

import pathlib
import socket
import ssl
import sys
import threading

import evil_imap
import smtp_stub

CERTIFICATES = ("good", "wronghost", "expired", "notyet", "selfsigned", "cnonly", "weak",
                "clientonly", "wildcard", "ipaddress", "oldtls")
STARTTLS = b"* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\n"
INJECTED_IMAP = b"* CAPABILITY IMAP4rev1 XINJECTED\r\n* 5 EXISTS\r\n"
INJECTED_SMTP = b"250-injected\r\n250 AUTH PLAIN\r\n"


def context_for(pki, name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    certificate = "good" if name == "oldtls" else name
    if name == "oldtls":
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.load_cert_chain(pki / f"{certificate}.pem", pki / f"{certificate}.key")
    return context


def peers_of(folder):
    """NAME -> (serve, options)."""
    pki = folder / "pki"
    mails = {"mails": folder / "mails"}
    upgrade = {**mails, "mode": "starttls", "context": context_for(pki, "good"),
               "capability": STARTTLS}
    peers = {
        "IMAP_EVIL": (evil_imap.serve, mails),
        "IMAP_PREAUTH": (evil_imap.serve, {**mails, "greeting": b"* PREAUTH welcome\r\n"}),
        "IMAP_BYE": (evil_imap.serve, {**mails, "greeting": b"* BYE too busy\r\n"}),
        "IMAP_HTTP": (evil_imap.serve, {**mails, "greeting": b"HTTP/1.1 400 Bad Request\r\n\r\n"}),
        "IMAP_INJECT": (evil_imap.serve, {**upgrade, "inject": INJECTED_IMAP}),
        "IMAP_INJECT_HALF": (evil_imap.serve, {**upgrade, "inject": b"* OK half"}),
        "IMAP_PREAUTH_STARTTLS": (evil_imap.serve, {**upgrade,
                                                    "greeting": b"* PREAUTH welcome\r\n"}),
        "SMTP": (smtp_stub.serve, mails),
        "SMTP_NO_AUTH": (smtp_stub.serve, {**mails, "auth": False}),
        "SMTP_554": (smtp_stub.serve, {**mails, "greeting": b"554 5.7.1 go away"}),
        "SMTP_421": (smtp_stub.serve, {**mails, "greeting": b"421 4.3.2 too busy"}),
        "SMTP_MUTE": (smtp_stub.serve, {**mails, "greeting": b""}),
        "SMTP_INJECT": (smtp_stub.serve, {**upgrade, "inject": INJECTED_SMTP}),
    }
    for name in CERTIFICATES:
        for mode in ("tls", "starttls"):
            options = {"mode": mode, "context": context_for(pki, name), "capability": STARTTLS}
            key = f"{'S' if mode == 'tls' else '_STARTTLS'}_{name.upper()}"
            peers[f"IMAP{key}"] = (evil_imap.serve, {**mails, **options})
            peers[f"SMTP{key}"] = (smtp_stub.serve, {**mails, **options})
    return peers


def run_connection(serve, connection, options):
    try:
        serve(connection, options)
    except (OSError, ValueError, IndexError, UnicodeError):
        pass  # the other side hung up, or spoke no IMAP or SMTP: that is its test's business
    finally:
        connection.close()


def listen(serve, options):
    """The port of a server that runs until the process ends."""
    server = socket.create_server(("127.0.0.1", 0), backlog=50)

    def accept():
        while True:
            connection, _ = server.accept()
            threading.Thread(target=run_connection, args=(serve, connection, options),
                             daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return server.getsockname()[1]


def main():
    folder = pathlib.Path(sys.argv[1])
    (folder / "mails").mkdir()
    lines = [f"PEERS_{name}={listen(*peer)}\n" for name, peer in peers_of(folder).items()]
    closed = socket.create_server(("127.0.0.1", 0))
    lines.append(f"PEERS_CLOSED={closed.getsockname()[1]}\n")
    closed.close()
    lines += [f"PEERS_CA={folder}/pki/ca.pem\n", f"PEERS_MAILS={folder}/mails\n"]
    (folder / "env.new").write_text("".join(lines))
    (folder / "env.new").rename(folder / "env")
    sys.stdin.read()  # with-peers holds the other end, so we end with it however it ends


if __name__ == "__main__":
    main()
