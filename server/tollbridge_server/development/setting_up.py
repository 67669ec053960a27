"""Makes what a developer needs to start at once: a configuration file, keys, and a token that calls with all scopes.

Refuses to overwrite anything; the keys are made here, with permissions for their owner only, and never leave.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from tollbridge_server.development import simulated
from tollbridge_server.development.files import write_secret
from tollbridge_server.rpc.methods import declared_methods
from tollbridge_server.rpc.tokens import generate_key_pair, mint_token

ISSUER = "tollbridge-development"
AUDIENCE = "tollbridge"
MERCHANT_ID = "demo"
TOKEN_LIFETIME_S = 30 * 86400

_CONFIG = """\
# Tollbridge, for development: one merchant, simulated providers inside the server, SQLite beside this file.
# Environment variables override every key: TOLLBRIDGE_SERVER__LISTEN=127.0.0.1:9000. Paths start at this folder.
# `tollbridge config check` names every mistake. Times are in seconds.

[server]
listen = "127.0.0.1:{ports[0]}"       # Another address than loopback needs [server.tls].
# [server.tls]
# certificate_file = "server.pem"
# key_file = "server.key"
# client_ca_file = "clients.pem"  # Asks callers for certificates (mutual TLS).

[notifications]
listen = "127.0.0.1:{ports[1]}"       # Where providers send notifications: /notifications/<provider>/<account id>

[storage]
# Or postgresql://user@host/database for any number of servers, after `tollbridge migrate`.
url = "sqlite:///tollbridge.db"

[authentication]
issuer = "{issuer}"
audience = "{audience}"
key_files = ["token-key.pub.pem"] # PEM public keys or JWKS files: Ed25519, P-256, RSA.

[engine]
fingerprint_key_file = "fingerprint.key" # Binds idempotency keys to their requests. The same on every server.

[sandbox]
book_file = "sandbox.db"        # The acquirer's own book.
listen = "127.0.0.1:{ports[2]}"       # The payer's pages: 3-D Secure challenge, QR code, wallet.
{simulators}
[[merchants]]
id = "{merchant}"
# key_files = ["demo.pub.pem"]    # Only these keys sign tokens for this merchant.
# certificate_names = ["shop.example.com"]
{accounts}
[[merchants.accounts]]
id = "demo-sandbox"
provider = "sandbox"
secret = "{secret}"
# base_url = "http://127.0.0.1:7490" # `tollbridge simulate sandbox`: the acquirer as a process of its own.
"""


@dataclass(frozen=True, slots=True)
class Development:
    """The files of a development set-up."""

    config_path: Path
    token_path: Path

    @property
    def signing_key_path(self) -> Path:
        """The private key that signs development tokens."""
        return self.config_path.parent / "token-key.pem"


def development_at(config_path: Path) -> Development:
    """Return where the files of a development set-up stand, made or not."""
    return Development(config_path, config_path.parent / "token")


def initialize(config_path: Path, *, has_free_ports: bool = False, has_simulators: bool = False) -> Development:
    """Write configuration, keys and a token. Raises FileExistsError when one of them is there already.

    With `has_free_ports` the server takes any free ports, so that several can run side by side. With `has_simulators`
    the merchant also has accounts at Alipay and WeChat Pay, and the server runs the simulators that answer for them.
    """
    made = development_at(config_path)
    public_path, fingerprint_path = (
        made.signing_key_path.with_suffix(".pub.pem"),
        config_path.with_name("fingerprint.key"),
    )
    folders = [config_path.with_name(provider) for provider in simulated.PROVIDERS] if has_simulators else []
    for path in (config_path, made.signing_key_path, public_path, fingerprint_path, made.token_path, *folders):
        if path.exists():
            raise FileExistsError(
                f"{path} exists; remove it first, or name another folder: --config folder/config.toml"
            )
    config_path.parent.mkdir(parents=True, exist_ok=True)
    ignored = config_path.with_name(".gitignore")
    if config_path.parent.name == ".tollbridge" and not ignored.exists():
        ignored.write_text("*\n")  # What stands here is secret, and belongs into nobody's repository.
    ports = (0, 0, 0) if has_free_ports else (7443, 7480, 7481)
    simulators = accounts = ""
    if has_simulators:
        simulated.write_keys(config_path.parent)
        chosen = simulated.Ports(*simulated.free_ports(3)) if has_free_ports else simulated.Ports(7480, 7491, 7492)
        ports = (ports[0], chosen.notifications, ports[2])
        simulators, accounts = simulated.sections(chosen), simulated.accounts(chosen, merchant=MERCHANT_ID)
    private_pem, public_pem, _ = generate_key_pair()
    write_secret(made.signing_key_path, private_pem)
    public_path.write_bytes(public_pem)
    write_secret(fingerprint_path, secrets.token_hex(32).encode())
    text = _CONFIG.format(
        issuer=ISSUER,
        audience=AUDIENCE,
        merchant=MERCHANT_ID,
        secret=secrets.token_hex(32),
        ports=ports,
        simulators=simulators,
        accounts=accounts,
    )
    write_secret(config_path, text.encode())
    token = mint_development_token(made, merchant_id=MERCHANT_ID, scopes=all_scopes(), lifetime_s=TOKEN_LIFETIME_S)
    write_secret(made.token_path, token.encode() + b"\n")
    return made


def mint_development_token(
    made: Development,
    *,
    merchant_id: str,
    scopes: tuple[str, ...],
    lifetime_s: int,
    issuer: str = ISSUER,
    audience: str = AUDIENCE,
) -> str:
    """Return a token signed with the development key. Raises FileNotFoundError when there is none."""
    private_pem = made.signing_key_path.read_bytes()
    return mint_token(
        private_pem,
        issuer=issuer,
        audience=audience,
        merchant=merchant_id,
        subject="development",
        scopes=scopes,
        lifetime_s=lifetime_s,
        now_s=time.time(),
    )


def all_scopes() -> tuple[str, ...]:
    """Return every scope that an RPC of the contract asks for."""
    return tuple(sorted({method.scope for method in declared_methods().values()}))
