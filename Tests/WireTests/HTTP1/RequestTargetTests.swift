import Testing

@testable import OstiaryWire

@Suite struct RequestTargetTests {
    private static func path(_ text: String) -> String? {
        let bytes = Array(text.utf8)
        guard let target = try? RequestTarget.read(bytes.span, 0..<bytes.count) else { return nil }
        return String(decoding: target.decodedPath ?? Array(bytes[target.path]), as: UTF8.self)
    }

    @Test(arguments: [
        ("/", "/"), ("/v1/models", "/v1/models"), ("/v1/models?x=/../y", "/v1/models"), ("/v1/%6dodels", "/v1/models"),
        ("/a%7Eb", "/a~b"), ("/a;x=y", "/a;x=y"), ("/a/", "/a/"), ("/a%20b", "/a%20b"), ("/%2525", "/%2525"),
        ("http://gate.example/v1/models", "/v1/models"), ("HTTPS://gate.example:8443/a?b", "/a"), ("/...", "/..."),
        ("/.a", "/.a"), ("/a..b", "/a..b"),
    ])
    func bringsAPathToItsOneForm(_ text: String, _ path: String) {
        #expect(Self.path(text) == path)
    }

    // SEC-104
    @Test(arguments: [
        "", "*", "v1/models", "//", "/a//b", "/.", "/..", "/a/../b", "/a/./b", "/a/%2e%2e/b", "/a/.%2E/b",
        "/a/..;x=y/b",
        "/a/.;/b", "/%2f", "/a%5cb", "/a%00", "/a%7f", "/%c3%a9", "/%", "/%4", "/%zz", "/a?%", "/a\\b", "/a#b", "/a b",
        "/é",
        "/a\u{1b}", "gate.example:443", "ftp://gate.example/", "http:///a", "http://gate.example",
        "http://u@gate.example/",
        "http://gate.example:99999/", "/<a>", "/a|b", "/a^b", "/a`b", "/{a}",
    ])
    func refusesEveryOtherSpelling(_ text: String) {
        #expect(Self.path(text) == nil)
    }

    /// What a server does that decodes everything and resolves dots and empty segments: the widest reading there is.
    private static func resolve(_ text: String) -> String {
        var decoded: [UInt8] = []
        let bytes = Array(text.utf8)
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
                let octet = UInt8(String(decoding: bytes[(index + 1)...(index + 2)], as: UTF8.self), radix: 16)
            {
                decoded.append(octet == UInt8(ascii: "\\") ? UInt8(ascii: "/") : octet)
                index += 3
            } else {
                decoded.append(bytes[index])
                index += 1
            }
        }
        var segments: [Substring] = []
        let path = String(decoding: decoded, as: UTF8.self)
        for segment in path.split(separator: "/", omittingEmptySubsequences: true) {
            let bare = segment.prefix { $0 != ";" }
            if bare == ".." { _ = segments.popLast() } else if bare != "." { segments.append(segment) }
        }
        return "/" + segments.joined(separator: "/") + (path.hasSuffix("/") && !segments.isEmpty ? "/" : "")
    }

    /// For random paths either both agree or the request is refused.
    @Test func agreesWithATextbookResolverOrRefuses() {
        let parts = [
            "/", "/", "a", "admin", "v1", ".", "..", "%2e", "%2E", "%2f", "%61", ";x", "%5c", "%25", "%20", "//", "%00",
        ]
        var random = SplitMix(state: 20_261_121)
        var accepted = 0
        for _ in 0..<20_000 {
            let text =
                "/"
                + (0..<Int.random(in: 0...7, using: &random)).map { _ in parts.randomElement(using: &random) ?? "" }
                .joined()
            guard let path = Self.path(text) else { continue }
            accepted += 1
            let read = Self.resolve(path)
            #expect(read == Self.resolve(text), "\(text)")
            // Escapes that stay are the only difference that a route could see.
            #expect(read == path || path.contains("%"), "\(text)")
        }
        #expect(accepted > 2000)
    }
}

/// Random numbers that are the same in every run.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
