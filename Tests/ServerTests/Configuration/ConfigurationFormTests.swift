import Testing

@testable import OstiaryServer

@Suite struct ConfigurationFormTests {
    @Test(arguments: ["127.0.0.1:8080", "0.0.0.0:0", "[::1]:443", "[::]:65535", "localhost:80", "[::ffff:127.0.0.1]:1"])
    func readsAddresses(_ text: String) {
        #expect(Configuration.Address(parsing: text) != nil)
    }

    @Test(arguments: [
        "8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.1:80", "::1:80",
        "example.com:80", "[127.0.0.1]:80", "0x7f.0.0.1:80", "127.0.0.01:80", "127.0.0.1:8_0 ", "[::1]", "[]:1",
        "127.0.0.1\0:80", "LOCALHOST:80",
    ])
    func refusesWhatIsNoAddress(_ text: String) {
        #expect(Configuration.Address(parsing: text) == nil)
    }

    @Test func knowsLoopback() {
        for (text, expected) in [
            ("127.255.0.1:1", true), ("[::1]:1", true), ("[::ffff:127.0.0.1]:1", true), ("0.0.0.0:1", false),
            ("[::]:1", false), ("128.0.0.1:1", false), ("[::ffff:10.0.0.1]:1", false),
        ] {
            #expect(Configuration.Address(parsing: text)?.isLoopback == expected, "\(text)")
        }
    }

    @Test(arguments: [
        "https://user@idp.example", "https://user:pw@idp.example/k", "https://idp.example/#f", "ftp://idp.example",
        "https://", "https:///k", "https://a b", "//idp.example", "https://idp.example:0", "https://idp.example:99999",
        "https://[::1", "https://1.2.3", "https://0x7f000001", "https://idp..example", "https://idp.example/../k",
        "https://idp.example\\@evil.example", "HTTPS://idp.example", "https://[::1]x/",
    ])
    func refusesSuchURLs(_ text: String) {
        #expect(WebURL(text) == nil)
    }

    @Test func plainHTTPIsForNearbyHostsOnly() {
        for (host, expected) in [
            ("127.0.0.1", true), ("[::1]:80", true), ("10.1.2.3", true), ("172.31.0.1", true), ("192.168.1.1", true),
            ("[fd00::1]", true), ("ollama:11434", true), ("gpu.internal", true), ("172.32.0.1", false),
            ("169.254.169.254", false), ("[fe80::1]", false), ("api.example", false), ("internal.example", false),
            ("8.8.8.8", false),
        ] {
            #expect(WebURL("http://\(host)/v1")?.isNearby == expected, "\(host)")
        }
    }

    @Test func readsQuantities() {
        #expect(Quantity.bytes("32MiB") == 32 << 20)
        #expect(Quantity.bytes("10_000") == 10_000)
        #expect(Quantity.bytes("9223372036854775807GiB") == nil)
        #expect(Quantity.bytes("1.5MiB") == nil)
        #expect(Quantity.bytes("MiB") == nil)
        #expect(Quantity.bytes("-1") == nil)
        #expect(Quantity.seconds("1.25") == 1.25)
        #expect(Quantity.seconds("2h") == 7200)
        #expect(Quantity.seconds("nan") == nil)
        #expect(Quantity.seconds("1e3") == nil)
        #expect(Quantity.seconds("0x10") == nil)
    }

    @Test func guessesWhatWasMeant() {
        #expect(Nearest.to("lissten", among: ["listen", "limits"]) == "listen")
        #expect(Nearest.to("baseUrl", among: ["base_url", "kind"]) == "base_url")
        #expect(Nearest.to("idnetity", among: ["identity"]) == "identity")
        #expect(Nearest.to("x", among: ["a"]) == nil)
        #expect(Nearest.to("something", among: ["listen"]) == nil)
    }

    @Test func originsAreSpelledAsBrowsersSpellThem() throws {
        let form = Form<String>.origin
        #expect(try form.parse(Written("https://app.example:443")) == "https://app.example")
        #expect(try form.parse(Written("http://LOCALHOST:3000")) == "http://localhost:3000")
        for bad in ["*", "https://app.example/", "https://app.example?q", "null", "app.example"] {
            #expect(throws: Complaint.self) { try form.parse(Written(bad)) }
        }
    }
}
