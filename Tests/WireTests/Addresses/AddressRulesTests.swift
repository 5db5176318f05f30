import Testing

@testable import OstiaryWire

// SEC-502
@Suite struct AddressRulesTests {
    private static let never = [
        "169.254.169.254", "fd00:ec2::254", "100.100.100.200", "169.254.1.1", "fe80::1", "0.0.0.0", "::", "224.0.0.1",
        "ff02::1", "255.255.255.255", "192.0.2.1", "2001:db8::1", "2002:808:808::", "2001::1", "::8.8.8.8",
        "64:ff9b::169.254.169.254",
    ]
    private static let near = ["127.0.0.1", "::1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "fd12::1", "100.64.0.1"]
    private static let far = ["8.8.8.8", "2606:4700::1", "64:ff9b::8.8.8.8"]

    private static func permitted(_ url: String, _ reach: AddressRules.Reach? = nil) throws -> [String] {
        let rules = AddressRules(for: try #require(Origin(url)), reach: reach)
        return (never + near + far).filter { text in IPAddress(text).map(rules.permits) ?? true }
    }

    @Test(arguments: [
        "https://api.example/v1", "https://internal.example", "https://local.", "https://x.internal.example",
    ])
    func aPublicNameLeadsToTheInternet(_ url: String) throws {
        // `local.` is a name of one label.
        #expect(try Self.permitted(url) == (url == "https://local." ? Self.near + Self.far : Self.far))
    }

    @Test(arguments: ["http://vllm:8000", "http://gpu.internal", "http://box.local/v1", "http://x.home.arpa"])
    func aNameOfThePrivateNetworkStaysThere(_ url: String) throws {
        #expect(try Self.permitted(url) == Self.near)
        // With TLS it does no harm when it leads elsewhere.
        #expect(try Self.permitted("https" + url.dropFirst(4)) == Self.near + Self.far)
    }

    @Test func theOperatorDecides() throws {
        #expect(try Self.permitted("https://api.example", .private) == Self.near)
        #expect(try Self.permitted("https://api.example", .any) == Self.near + Self.far)
        #expect(try Self.permitted("https://vllm", .public) == Self.far)
    }

    @Test func anAddressMeansItself() throws {
        #expect(try Self.permitted("http://127.0.0.1:9000/v1") == ["127.0.0.1"])
        #expect(try Self.permitted("http://[::1]:9000/v1") == ["::1"])
        #expect(try Self.permitted("https://8.8.8.8") == ["8.8.8.8"])
        #expect(try Self.permitted("http://[::ffff:10.1.2.3]") == ["10.1.2.3"])
        #expect(try Self.permitted("https://169.254.169.254") == [])
        #expect(try Self.permitted("https://0.0.0.0", .any) == [])
    }

    @Test(arguments: ["http://localhost:9000", "http://LOCALHOST", "http://a.localhost", "http://localhost."])
    func localhostIsThisMachine(_ url: String) throws {
        #expect(try Self.permitted(url) == ["127.0.0.1", "::1"])
        #expect(try Self.permitted(url, .public) == ["127.0.0.1", "::1"])
    }

    // A resolver would take these for addresses, and whoever looks at the name would not.
    @Test(arguments: [
        "http://2130706433/", "http://0x7f000001/", "http://0x7f.1/", "http://127.1/", "http://0177.0.0.1/",
        "http://127.0.0.1./", "http://1.2.3/", "http://a.1/", "http://a.0x1/", "http://a.0x/", "http://[::1/",
        "http://[1]/",
        "http://[::ffff:0x7f.1]/", "http://999.999.999.999/",
    ])
    func numbersThatAreNoAddressAreNoHost(_ url: String) {
        #expect(Origin(url) == nil)
    }
}
