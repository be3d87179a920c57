"""Which URLs and addresses may be reached."""

import pytest

from tests.rows import every
from webapp.endpoints import addresses

WRONG = [
    ("http://shop.example/hooks", "what is sent must not be read on its way"),
    ("http://127.0.0.1/hooks", "nor on this machine, unless it is allowed"),
    ("ftp://shop.example/", "another protocol is none"),
    ("https://", "a URL names a host"),
    ("shop.example/hooks", "and its protocol"),
    ("//shop.example/hooks", "which is not left out"),
    ("https://ana:secret@shop.example/", "no user name and password"),
    ("https://127.0.0.1@shop.example/", "nor what looks like a host before the real one"),
    ("https://shop.example/#part", "what follows a # is never sent"),
    ("https://shop.example:99999/", "a port is a number up to 65535"),
    ("https://shop.example:x/", "and nothing else"),
    ("https://shop.example/a b", "no space"),
    ("https://shop.example/\r\nX-Evil: 1", "no second header line"),
    ("https://shop.example\\@evil.example/", "no backslash, which some read as a slash"),
    ("https://[::1", "no half of an address"),
    ("https://shop.example/" + "x" * 500, "nothing endless"),
    ("https://127.0.0.1/", "no loopback"),
    ("https://10.1.2.3/", "nothing private"),
    ("https://192.168.0.1:8443/", "nor on another port"),
    ("https://169.254.169.254/latest/meta-data/", "no metadata service"),
    ("https://[::1]/", "no loopback of version 6"),
    ("https://[::ffff:10.0.0.1]/", "nothing private that is mapped"),
    ("https://[64:ff9b::a00:1]/", "nor behind NAT64"),
    ("https://0.0.0.0/", "not this machine by its other name"),
    ("https://2130706433/", "nor as one number"),
    ("https://127.1/", "nor shortened"),
    ("https://0177.0.0.1/", "nor octal"),
    ("https://0x7f.0.0.0x1/", "nor hexadecimal"),
    ("https://127.0.0.1./", "nor with a dot behind it"),
]


@every(("url", "sentence"), WRONG)
def test_this_is_no_endpoint(url, sentence):
    assert addresses.wrong(url, private=False), sentence


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/hooks?key=a%20b",
        "https://shop.example:8443",
        "https://shop24.example/",
        "https://münchen.example/",
        "https://8.8.8.8/hooks",
        "https://[2606:4700::1111]/",
    ],
)
def test_this_is_one(url):
    assert addresses.wrong(url, private=False) == ""


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://127.0.0.1:9000/", True),
        ("http://localhost:9000/", True),
        ("http://[::1]:9000/", True),
        ("https://10.0.0.5/", True),
        ("http://10.0.0.5/", False),
        ("http://shop.example/", False),
        ("http://ana@localhost/", False),
    ],
)
def test_in_development_ones_own_machines_are_allowed_and_plain_http_on_this_one(url, allowed):
    assert (addresses.wrong(url, private=True) == "") == allowed


NOT_PUBLIC = [
    "127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255",
    "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200", "192.0.0.1", "192.0.2.1",
    "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1",
    "255.255.255.255", "168.63.129.16",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1",
    "64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::1", "fe80::1", "fe80::1%eth0", "fec0::1",
    "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1", "2002:7f00:1::", "2001:0:7f00:1::", "100::1",
]  # fmt: skip


@every("address", NOT_PUBLIC)
def test_nobody_has_the_desk_knock_at(address):
    assert addresses.refusal(address, plain=False, private=False)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8"]
)
def test_what_everybody_may_reach_is_reached(address):
    assert addresses.refusal(address, plain=False, private=False) == ""


@pytest.mark.parametrize(
    ("address", "refused"), [("127.0.0.1", False), ("::1", False), ("10.0.0.1", True), ("8.8.8.8", True)]
)
def test_without_tls_only_this_machine_is_reached_even_where_others_are_allowed(address, refused):
    assert bool(addresses.refusal(address, plain=True, private=True)) == refused
