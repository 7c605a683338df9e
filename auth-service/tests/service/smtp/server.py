"""A mail server for the tests, on aiosmtpd. Its first line of output is its port; each further one is what somebody said
to it that matters, as JSON. It ends with its standard input.

Who is called never-… gets no mail; who is called later-… gets it at the second attempt."""

import argparse
import asyncio
import json
import logging
import ssl
import sys
import warnings

from aiosmtpd.smtp import SMTP, AuthResult

# Of a server that asks for passwords without TLS, which is what some tests are about.
logging.disable()
warnings.simplefilter("ignore")

parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int, default=0)
parser.add_argument("--tls", choices=["none", "starttls", "tls"], required=True)
parser.add_argument("--certificate", required=True)
parser.add_argument("--key", required=True)
parser.add_argument("--username", required=True)
parser.add_argument("--password", required=True)
options = parser.parse_args()
put_off = set()


def say(**what):
    print(json.dumps(what), flush=True)


def authenticate(server, session, envelope, mechanism, data):
    good = (data.login.decode(), data.password.decode()) == (options.username, options.password)
    say(authenticated=good)
    return AuthResult(success=good, handled=False)


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if address.startswith("never-"):
            return f"550 there is no {address}"
        if address.startswith("later-") and address not in put_off:
            put_off.add(address)
            return f"451 {address} is busy"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        encrypted = options.tls == "tls" or session.ssl is not None
        say(to=envelope.rcpt_tos, encrypted=encrypted, content=envelope.content.decode())
        return "250 taken"


def context():
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(options.certificate, options.key)
    return tls


def session():
    starttls = options.tls == "starttls"
    return SMTP(
        Handler(),
        hostname="localhost",
        tls_context=context() if starttls else None,
        require_starttls=starttls,
        authenticator=authenticate,
        auth_required=True,
        auth_require_tls=starttls,
    )


async def main():
    loop = asyncio.get_running_loop()
    tls = context() if options.tls == "tls" else None
    server = await loop.create_server(session, "127.0.0.1", options.port, ssl=tls)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
