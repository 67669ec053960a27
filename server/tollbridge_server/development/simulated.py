"""Accounts at Alipay and WeChat Pay whose other side is a simulator: fresh keys for both sides, and their sections.

The keys are made here; none of them is of any use at the real providers.
"""

from __future__ import annotations

import random
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tollbridge_server.development.files import write_secret

PROVIDERS = ("alipay", "wechatpay")
"""Providers whose accounts come with a simulator; each has a folder of that name beside the configuration."""

SIMULATORS = """\

[simulators.alipay]             # Alipay's simulator. in_server = false: `tollbridge simulate alipay` runs it apart.
listen = "127.0.0.1:{alipay}"
book_file = "alipay/simulator.db"
key_file = "alipay/simulator-key.pem"
# time_scale = 100              # Lets its times pass faster: repeats of notifications, payers who decide alone.

[simulators.wechatpay]          # WeChat Pay's simulator.
listen = "127.0.0.1:{wechatpay}"
book_file = "wechatpay/simulator.db"
key_file = "wechatpay/simulator-key.pem"
"""

ACCOUNTS = """\

[[merchants.accounts]]
id = "{merchant}-alipay"
provider = "alipay"
app_id = "2021000000000001"
seller_id = "2088000000000001"
private_key_file = "alipay/app-private-key.pem"
alipay_public_key_file = "alipay/alipay-public-key.pem"
notify_url = "http://127.0.0.1:{notifications}/notifications/alipay/{merchant}-alipay"
preauth_product = "PREAUTH_PAY" # Only with a contract for pre-authorization: manual capture needs it.
cancel_voids_unscanned = true   # QR codes only, as the simulator does; the real one promises nothing.
# Without this line it is production; Alipay's sandbox is https://openapi-sandbox.dl.alipaydev.com/gateway.do
gateway = "http://127.0.0.1:{alipay}/gateway.do"

[[merchants.accounts]]
id = "{merchant}-wechatpay"
provider = "wechatpay"
mchid = "1900000001"
app_id = "wx0000000000000001"
serial_no = "{serial_no}"
private_key_file = "wechatpay/merchant-private-key.pem"
api_v3_key = "{api_v3_key}"
public_key_id = "PUB_KEY_ID_0119000000012026010100000000000000"
public_key_file = "wechatpay/wechatpay-public-key.pem"
notify_url = "http://127.0.0.1:{notifications}/notifications/wechatpay/{merchant}-wechatpay"
base_url = "http://127.0.0.1:{wechatpay}"  # Without this line it is production; WeChat Pay has no sandbox.
"""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the server's inbound side and the simulators listen; each has to know the others, so none is 0."""

    notifications: int
    alipay: int
    wechatpay: int


def write_keys(folder: Path) -> None:
    """Write the keys of both sides of both providers. Raises FileExistsError."""
    for provider, ours, theirs in (
        ("alipay", "app-private-key.pem", "alipay-public-key.pem"),
        ("wechatpay", "merchant-private-key.pem", "wechatpay-public-key.pem"),
    ):
        (folder / provider).mkdir()
        simulators_key = _new_key()
        write_secret(folder / provider / ours, _private_pem(_new_key()))
        write_secret(folder / provider / "simulator-key.pem", _private_pem(simulators_key))
        (folder / provider / theirs).write_bytes(_public_pem(simulators_key))


def sections(ports: Ports) -> str:
    """Return the sections of the simulators."""
    return SIMULATORS.format(alipay=ports.alipay, wechatpay=ports.wechatpay)


def accounts(ports: Ports, *, merchant: str) -> str:
    """Return the accounts of the merchant that stands last in the configuration."""
    return ACCOUNTS.format(
        merchant=merchant,
        notifications=ports.notifications,
        alipay=ports.alipay,
        wechatpay=ports.wechatpay,
        serial_no=secrets.token_hex(20).upper(),
        api_v3_key=secrets.token_hex(16),
    )


def free_ports(count: int) -> list[int]:
    """Return free ports out of the range of outgoing connections, which could take them meanwhile."""
    chooser, ports = random.SystemRandom(), set[int]()
    while len(ports) < count:
        port = chooser.randrange(12_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        ports.add(port)
    return sorted(ports)


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _private_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _public_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
