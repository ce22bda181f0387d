#!/usr/bin/python3
"""Start all misbehaving peers, until standard input ends. Called by tests/peers/with-peers.

    peers.py DIR     DIR/pki holds the certificates; writes DIR/env: PEERS_NAME=PORT
"""

import ctypes
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import threading

import evil_imap
import smtp_stub
import wire

# Of the certificates that with-peers makes; the TLS versions and ciphers are of servers with the good one.
CERTIFICATES = ("good", "wronghost", "expired", "notyet", "selfsigned", "cnonly", "weak", "clientonly",
                "wildcard", "ipaddress", "onelabel", "twolabels", "idn", "unknownca", "muststaple", "sha1")
VERSIONS = {"tls10": ssl.TLSVersion.TLSv1, "tls11": ssl.TLSVersion.TLSv1_1,
            "tls12": ssl.TLSVersion.TLSv1_2, "tls13": ssl.TLSVersion.TLSv1_3}
CIPHERS = {"anonymous": "aNULL:@SECLEVEL=0", "nullcipher": "eNULL:@SECLEVEL=0"}
STARTTLS = b"* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\n"
INVITING = b"* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN AUTH=CRAM-MD5\r\n"
INJECTED_IMAP = b"* CAPABILITY IMAP4rev1 XINJECTED\r\n* 5 EXISTS\r\n"
INJECTED_SMTP = b"250-injected\r\n250 AUTH PLAIN\r\n"


def context_for(pki, name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers(CIPHERS.get(name, "ALL:@SECLEVEL=0"))
    certificate = name if name in CERTIFICATES else "good"
    if name in VERSIONS:
        context.minimum_version = context.maximum_version = VERSIONS[name]
    if name in CIPHERS:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    if name != "anonymous":
        context.load_cert_chain(pki / f"{certificate}.pem", pki / f"{certificate}.key")
    return context


def cut_short(connection, _):
    """A server that breaks off in the middle of the TLS handshake, or of what it said in its place."""
    connection.recv(65536)
    connection.sendall(b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03")


def state_peers(folder):
    """The rows of the TLS matrix that are about what is said, not about certificates."""
    mails = {"mails": folder / "mails"}
    good = context_for(folder / "pki", "good")
    upgrade = {**mails, "mode": "starttls", "context": good, "capability": STARTTLS}
    inviting = {**upgrade, "capability": INVITING}
    under_tls = {**mails, "mode": "tls", "context": good}
    disabled = b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n"
    imap = {
        "PLAIN": mails,
        "STRIPPED": mails,
        "INJECT": {**upgrade, "inject": INJECTED_IMAP},
        "INJECT_HALF": {**upgrade, "inject": b"* OK half"},
        "PREAUTH": {**mails, "greeting": b"* PREAUTH welcome\r\n"},
        "PREAUTH_STARTTLS": {**upgrade, "greeting": b"* PREAUTH welcome\r\n"},
        "STARTTLS_NO": {**inviting, "starttls": b" NO [PRIVACYREQUIRED] log in first\r\n"},
        "STARTTLS_BAD": {**inviting, "starttls": b" BAD log in first\r\n"},
        "DISABLED": {**under_tls, "after": disabled},
        "CHANGED": {**inviting, "after": disabled},
        "DOWNGRADED": {**inviting, "after": b"* CAPABILITY IMAP4rev1 AUTH=ANONYMOUS LOGINDISABLED\r\n"},
        "ALERT": {**under_tls, "after": disabled,
                  "greeting": b"* OK [ALERT] log in at referred.peers.test\r\n"},
        "REFERRAL": under_tls,
    }
    smtp = {
        "PLAIN": mails,
        "STRIPPED": mails,
        "INJECT": {**upgrade, "inject": INJECTED_SMTP},
        "INJECT_HALF": {**upgrade, "inject": b"250-half"},
        "STARTTLS_454": {**upgrade, "starttls": b"454 4.7.0 TLS not available, use AUTH"},
        "STARTTLS_530": {**upgrade, "starttls": b"530 5.7.0 authenticate first"},
        "CHANGED": {**upgrade, "ways_tls": b""},
        "DOWNGRADED": {**upgrade, "ways_tls": b"ANONYMOUS CRAM-MD5"},
        "LOGIN_ONLY": {**under_tls, "ways_tls": b"LOGIN"},
        "REFERRAL": {**under_tls, "greeting": b"421 4.3.2 go to referred.peers.test"},
    }
    peers = {f"IMAP_{name}": (evil_imap.serve, options) for name, options in imap.items()}
    peers.update({f"SMTP_{name}": (smtp_stub.serve, options) for name, options in smtp.items()})
    peers["CUT"] = (cut_short, {})
    return peers


def matrix_peers(folder):
    """NAME -> (serve, options): the peers whose connections are captured."""
    mails = {"mails": folder / "mails"}
    peers = state_peers(folder)
    for name in (*CERTIFICATES, *VERSIONS, *CIPHERS):
        context = context_for(folder / "pki", name)
        for mode in ("tls", "starttls"):
            options = {**mails, "mode": mode, "context": context, "capability": STARTTLS}
            key = f"{'S' if mode == 'tls' else '_STARTTLS'}_{name.upper()}"
            peers[f"IMAP{key}"] = (evil_imap.serve, options)
            peers[f"SMTP{key}"] = (smtp_stub.serve, options)
    return peers


def other_peers(folder):
    mails = {"mails": folder / "mails"}
    return {
        "IMAP_EVIL": (evil_imap.serve, mails),
        "IMAP_BYE": (evil_imap.serve, {**mails, "greeting": b"* BYE too busy\r\n"}),
        "IMAP_HTTP": (evil_imap.serve, {**mails, "greeting": b"HTTP/1.1 400 Bad Request\r\n\r\n"}),
        "SMTP": (smtp_stub.serve, mails),
        "SMTP_PIPELINING": (smtp_stub.serve, {**mails, "pipelining": True}),
        "SMTP_NO_AUTH": (smtp_stub.serve, {**mails, "ways": b""}),
        "SMTP_554": (smtp_stub.serve, {**mails, "greeting": b"554 5.7.1 go away"}),
        "SMTP_421": (smtp_stub.serve, {**mails, "greeting": b"421 4.3.2 too busy"}),
        "SMTP_MUTE": (smtp_stub.serve, {**mails, "greeting": b""}),
    }


def run_connection(serve, connection, options):
    try:
        serve(connection, options)
    except (OSError, ValueError, IndexError, UnicodeError):
        pass  # the other side hung up, or spoke no IMAP or SMTP: that is its test's business
    finally:
        connection.close()


def listen(serve, options):
    """The port of a server that runs until the process ends."""
    return wire.listen(lambda connection: run_connection(serve, connection, options))


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def openssl_server(folder, *options, at_once=b""):
    """The port of OpenSSL's test server. at_once is typed into it with each connection."""
    # pylint: disable-next=subprocess-popen-preexec-fn,consider-using-with
    server = subprocess.Popen(["openssl", "s_server", "-accept", "127.0.0.1:0", *options], cwd=folder / "pki",
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              preexec_fn=die_with_parent)
    line = b""
    while not line.startswith(b"ACCEPT "):
        line = server.stdout.readline()
        if not line:
            raise RuntimeError("openssl s_server does not start")

    def read_on():
        for line in server.stdout:
            if line.startswith(b"Secure Renegotiation IS supported") and at_once:
                server.stdin.write(at_once)
                server.stdin.flush()

    threading.Thread(target=read_on, daemon=True).start()
    return int(line.rsplit(b":", 1)[1])


def openssl_peers(folder):
    """What Python's servers cannot do: NAME -> port."""
    good = ("-cert", "good.pem", "-key", "good.key", "-tls1_2")
    revoked = ("-cert", "revoked.pem", "-key", "revoked.key", "-status_file", "revoked.ocsp")
    return {"RENEGOTIATING": openssl_server(folder, *good, at_once=b"R\n"),
            "REVOKED": openssl_server(folder, *revoked)}


def main():
    folder = pathlib.Path(sys.argv[1])
    mails = folder / "mails"
    mails.mkdir()
    ports = {name: listen(*peer) for name, peer in matrix_peers(folder).items()}
    ports.update(openssl_peers(folder))
    ports = {name: wire.tap(port, mails / name) for name, port in ports.items()}
    ports.update({name: listen(*peer) for name, peer in other_peers(folder).items()})
    closed = socket.create_server(("127.0.0.1", 0))
    ports["CLOSED"] = closed.getsockname()[1]
    closed.close()
    pin = (folder / "pki" / "pin").read_text().strip()
    lines = [f"PEERS_{name}={port}\n" for name, port in ports.items()]
    lines += [f"PEERS_CA={folder}/pki/ca.pem\n", f"PEERS_MAILS={mails}\n", f"PEERS_PIN={pin}\n"]
    (folder / "env.new").write_text("".join(lines))
    (folder / "env.new").rename(folder / "env")
    sys.stdin.read()  # with-peers holds the other end, so we end with it however it ends


if __name__ == "__main__":
    main()
