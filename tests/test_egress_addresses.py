"""Which addresses and ports may be reached."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rulebook.egress import Egress
from rulebook.egress.addresses import REFUSED_IPV4, entries, is_public, unwrapped, why_not
from rulebook.errors import ConfigError

PUBLIC = """8.8.8.8 1.1.1.1 93.184.216.34 100.63.255.255 100.128.0.1 172.15.255.255 172.32.0.1
192.167.255.255 2606:4700::1111 2a00:1450:4001:81b::200e ::ffff:8.8.8.8 198.17.255.255""".split()
NOT_PUBLIC = """0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1
127.255.255.254 168.63.129.16 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192
192.0.2.1 192.88.99.1 192.168.0.1 192.168.255.255 198.18.0.1 198.19.255.255 198.51.100.7
203.0.113.9 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 100.100.100.200 :: ::1
::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:0:127.0.0.1
64:ff9b::7f00:1 64:ff9b:1::1 100::1 2001::1 2001:1ff::1 2001:db8::1 2002:7f00:1::1 3fff::1
5f00::1 fc00::1 fd00:ec2::254 fdff::1 fe80::1 fec0::1 ff02::1 4000::1 1::1""".split()


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_reached_by_everybody(address):
    assert why_not(address, "h", 443, (), mail=False) == ""


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_other_addresses_are_refused(address):
    assert why_not(address, "h", 443, (), mail=False)


@given(st.sampled_from(REFUSED_IPV4), st.data())
@settings(max_examples=100, deadline=None)
def test_every_address_of_a_refused_net_is_refused_mapped_or_plain(net, data):
    number = data.draw(st.integers(int(net[0]), int(net[-1])))
    plain = ip_address(number)
    assert not is_public(plain)
    assert not is_public(unwrapped(ip_address(f"::ffff:{plain}")))


@given(st.integers(0, 2**128 - 1))
@settings(max_examples=100, deadline=None)
def test_ipv6_is_public_inside_2000_3_only(number):
    address = IPv6Address(number)
    if address not in ip_network("2000::/3") and address.ipv4_mapped is None:
        assert not is_public(address)


@pytest.mark.parametrize(
    ("entry", "host", "address", "port", "allowed"),
    [
        ("10.1.2.3", "h", "10.1.2.3", 8080, True),
        ("10.1.2.3", "h", "10.1.2.4", 8080, False),
        ("10.1.0.0/16", "h", "10.1.2.4", 443, True),
        ("10.1.0.0/16", "h", "10.1.2.4", 6379, False),
        ("10.1.2.4:6379", "h", "10.1.2.4", 6379, True),
        ("10.1.2.4:6379", "h", "10.1.2.4", 443, False),
        ("10.1.0.0/16:81", "h", "10.1.2.4", 81, True),
        ("books.internal", "books.internal", "192.168.7.7", 443, True),
        ("Books.Internal:8443", "books.internal", "192.168.7.7", 8443, True),
        ("books.internal", "other.internal", "192.168.7.7", 443, False),
        ("fd00::/8", "h", "fd12::1", 443, True),
        ("[fd12::1]:8080", "h", "fd12::1", 8080, True),
        ("[fd12::1]:8080", "h", "fd12::1", 8081, False),
        ("127.0.0.1", "h", "::ffff:127.0.0.1", 8080, True),
        # Cloud metadata stays shut whatever is allowed.
        ("169.254.0.0/16", "h", "169.254.169.254", 80, False),
        ("169.254.169.254:80", "h", "169.254.169.254", 80, False),
        ("0.0.0.0/0", "h", "100.100.100.200", 80, False),
        ("192.0.0.192", "h", "192.0.0.192", 80, False),
        ("168.63.129.16", "h", "168.63.129.16", 80, False),
        ("fd00::/8", "h", "fd00:ec2::254", 80, False),
        ("metadata.internal", "metadata.internal", "::ffff:169.254.169.254", 80, False),
    ],
)
def test_an_administrator_may_allow_places(entry, host, address, port, allowed):
    assert (why_not(address, host, port, entries((entry,)), mail=False) == "") is allowed


@pytest.mark.parametrize("entry", ["http://x", "a b", "10.0.0.0/99", "[nonsense]:80", "x/y"])
def test_an_unreadable_entry_stops_the_start(entry):
    with pytest.raises(ConfigError, match="RULEBOOK_EGRESS_ALLOW"):
        Egress((entry,))


@pytest.mark.parametrize("port", [22, 81, 1023, 2375, 3306, 5432, 6379, 9200, 11211, 27017])
def test_ports_of_other_services_are_refused(port):
    assert why_not("8.8.8.8", "h", port, (), mail=False)
    assert why_not("8.8.8.8", "h", port, (), mail=True)


@pytest.mark.parametrize("port", [25, 465, 587, 2525])
def test_mail_goes_to_mail_ports(port):
    assert why_not("8.8.8.8", "h", port, (), mail=True) == ""
    assert why_not("8.8.8.8", "h", 443, (), mail=True)
