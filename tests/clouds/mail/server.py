"""A mail server by aiosmtpd, for the tests of notices.

    server.py DIRECTORY none|starttls|implicit [login]

It prints its port, then each mail that it takes as one line of JSON. With TLS it writes the certificate of its authority to
DIRECTORY/ca.pem. Recipients: refused@… is answered 550, greylisted@… 451 the first time, full@… 452 after the data. With
`login` only ada with the password pw-EXAMPLE may send.
"""
import asyncio
import datetime
import email
import email.policy
import ipaddress
import json
import pathlib
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


def certificate(subject, issuer, key, issuer_key, extension):
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder(
        issuer_name=issuer,
        subject_name=subject,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now - datetime.timedelta(hours=1),
        not_valid_after=now + datetime.timedelta(days=1),
    )
    return builder.add_extension(extension, critical=False).sign(issuer_key, hashes.SHA256())


def name(text):
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def context(directory):
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    constraint = x509.BasicConstraints(ca=True, path_length=0)
    authority = certificate(name("authority"), name("authority"), authority_key, authority_key, constraint)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    leaf = certificate(name("localhost"), name("authority"), key, authority_key, names)
    pem = serialization.Encoding.PEM
    (directory / "ca.pem").write_bytes(authority.public_bytes(pem))
    (directory / "leaf.pem").write_bytes(leaf.public_bytes(pem))
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (directory / "key.pem").write_bytes(key.private_bytes(pem, *plain))
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(directory / "leaf.pem", directory / "key.pem")
    return made


class Handler:
    def __init__(self):
        self.known = set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refused@"):
            return f"550 5.1.1 <{address}>: no such mailbox"
        if address.startswith("greylisted@") and address not in self.known:
            self.known.add(address)
            return f"451 4.7.1 <{address}>: greylisted, come again"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if envelope.rcpt_tos[0].startswith("full@"):
            return "452 4.2.2 mailbox full"
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        taken = {
            "mail_from": envelope.mail_from,
            "rcpt_tos": envelope.rcpt_tos,
            "headers": {key.lower(): str(value) for key, value in mail.items()},
            "body": mail.get_content(),
            "encrypted": session.ssl is not None or server.transport.get_extra_info("sslcontext") is not None,
            "login": session.auth_data.decode() if session.auth_data else None,
        }
        print(json.dumps(taken), flush=True)
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    right = (data.login, data.password) == (b"ada", b"pw-EXAMPLE")
    return AuthResult(success=right, handled=False, auth_data=data.login)


async def main():
    directory, tls, login = pathlib.Path(sys.argv[1]), sys.argv[2], "login" in sys.argv[3:]
    made = context(directory) if tls != "none" else None
    handler, loop = Handler(), asyncio.get_running_loop()

    def connection():
        return SMTP(
            handler,
            hostname="mail.example.com",
            tls_context=made if tls == "starttls" else None,
            require_starttls=tls == "starttls",
            authenticator=authenticate if login else None,
            auth_required=login,
            auth_require_tls=tls == "starttls",
            loop=loop,
        )

    server = await loop.create_server(connection, "127.0.0.1", 0, ssl=made if tls == "implicit" else None)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
