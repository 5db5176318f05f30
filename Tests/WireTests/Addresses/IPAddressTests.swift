import NIOCore
import Testing

@testable import OstiaryWire

// SEC-502
@Suite struct IPAddressTests {
    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("FE80::0001", "fe80::1"), ("::ffff:10.0.0.1", "10.0.0.1"),
        ("::ffff:7f00:1", "127.0.0.1"), ("2001:4860:4860::8888", "2001:4860:4860::8888"),
    ])
    func readsTheUsualForms(_ text: String, _ shown: String) throws {
        #expect(try #require(IPAddress(text)).description == shown)
    }

    @Test(arguments: [
        "", "1", "127.1", "2130706433", "0x7f.0.0.1", "0x7f000001", "0177.0.0.1", "127.0.0.01", "127.0.0.1.",
        " 127.0.0.1",
        "127.0.0.1 ", "127.0.0.256", "1.2.3.4.5", "[::1]", "::1%eth0", "::g", "1::2::3", "127.0.0.1\u{0}",
        "１２７.0.0.1",
    ])
    func refusesEverySpellingButTheUsual(_ text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test(arguments: [
        ("8.8.8.8", IPAddress.Kind.public), ("1.1.1.1", .public), ("172.15.255.255", .public), ("172.32.0.0", .public),
        ("100.63.255.255", .public), ("100.128.0.0", .public), ("192.0.1.0", .public), ("223.255.255.255", .public),
        ("169.253.0.1", .public), ("127.0.0.1", .loopback), ("127.255.255.255", .loopback), ("10.0.0.0", .private),
        ("10.255.255.255", .private), ("172.16.0.0", .private), ("172.31.255.255", .private), ("192.168.0.1", .private),
        ("100.64.0.0", .shared), ("100.127.255.255", .shared), ("198.18.0.1", .shared), ("169.254.0.1", .linkLocal),
        ("169.254.169.254", .metadata), ("169.254.170.2", .metadata), ("100.100.100.200", .metadata),
        ("168.63.129.16", .metadata), ("192.0.0.192", .metadata), ("0.0.0.0", .unspecified), ("0.1.2.3", .unspecified),
        ("255.255.255.255", .unspecified), ("224.0.0.1", .multicast), ("239.255.255.255", .multicast),
        ("240.0.0.1", .reserved), ("192.0.2.1", .reserved), ("198.51.100.1", .reserved), ("203.0.113.1", .reserved),
        ("192.88.99.1", .reserved), ("192.0.0.8", .reserved),
    ])
    func knowsTheKindsOfIPv4(_ text: String, _ kind: IPAddress.Kind) throws {
        #expect(try #require(IPAddress(text)).kind == kind)
        // A mapped address is the one that it stands for, a translated one leads there (RFC 6052).
        #expect(try #require(IPAddress("::ffff:\(text)")).kind == kind)
        #expect(try #require(IPAddress("64:ff9b::\(text)")).kind == kind)
        // Retired ways to an IPv4 address are closed, whichever it is.
        #expect(try #require(IPAddress("::\(text)")).kind != .public)
    }

    @Test(arguments: [
        ("2606:4700::1", IPAddress.Kind.public), ("2a00:1450:4001::1", .public), ("::1", .loopback),
        ("::", .unspecified), ("fc00::1", .private), ("fdff:ffff::1", .private), ("fd00:ec2::254", .metadata),
        ("fd20:ce::254", .metadata), ("fe80::1", .linkLocal), ("febf::1", .linkLocal), ("fec0::1", .reserved),
        ("ff02::1", .multicast), ("::7f00:1", .reserved), ("::ffff:0:127.0.0.1", .reserved), ("2001:db8::1", .reserved),
        ("2001::1", .reserved), ("2001:0:4136:e378:8000:63bf:3fff:fdd2", .reserved), ("2002:7f00:1::", .reserved),
        ("2002:808:808::", .reserved), ("3fff::1", .reserved), ("100::1", .reserved), ("5f00::1", .reserved),
        ("4000::1", .reserved), ("64:ff9b:1::a00:1", .shared), ("64:ff9b:1::a9fe:a9fe", .metadata),
        ("64:ff9b:1:a9fe:a9:fe00::", .metadata), ("64:ff9b:1:7f00:0:100::", .loopback), ("64:ff9b:2::1", .reserved),
        ("64:ff9b::1:0:0", .reserved),
    ])
    func knowsTheKindsOfIPv6(_ text: String, _ kind: IPAddress.Kind) throws {
        #expect(try #require(IPAddress(text)).kind == kind)
    }

    @Test func makesSocketAddresses() throws {
        let four = try #require(IPAddress("::ffff:127.0.0.1")?.socketAddress(port: 80))
        #expect(four.protocol == .inet)
        #expect(try #require(IPAddress("::1")?.socketAddress(port: 65_535)).port == 65_535)
        #expect(IPAddress("::1")?.socketAddress(port: 65_536) == nil)
    }
}
