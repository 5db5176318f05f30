import NIOCore
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryServer
@testable import OstiaryWire

// SEC-106
/// Where a request came from: by the connection, unless a trusted proxy says better.
@Suite struct TrustedProxyTests {
    private static func client(
        _ fields: [String],
        behind peer: String = "10.0.0.1",
        trusting networks: [String] = ["10.0.0.0/8", "2001:db8::/32"],
        field: Configuration.ForwardingField = .forwardedFor
    ) throws -> String {
        let lines = (["GET / HTTP/1.1", "Host: x"] + fields).map { $0 + "\r\n" }.joined() + "\r\n"
        let head = try RequestHead(ByteBuffer(string: lines), limits: .init())
        let proxies = TrustedProxies(try networks.map { try IPNetwork(parsing: $0) }, field: field)
        return proxies.client(of: head, behind: Peer(address: peer)).address
    }

    @Test func believesNobodyByDefault() throws {
        #expect(Configuration().listen.trustedProxies.isEmpty)
        for peer in ["10.0.0.1", "127.0.0.1", "::1", "local"] {
            let fields = ["X-Forwarded-For: 192.0.2.7", "Forwarded: for=192.0.2.7", "X-Real-IP: 192.0.2.7"]
            #expect(try Self.client(fields, behind: peer, trusting: []) == peer)
            #expect(try Self.client(fields, behind: peer, trusting: [], field: .forwarded) == peer)
        }
    }

    @Test func believesOnlyTheNetworksThatAreNamed() throws {
        let fields = ["X-Forwarded-For: 192.0.2.7"]
        #expect(try Self.client(fields, behind: "10.255.255.255") == "192.0.2.7")
        #expect(try Self.client(fields, behind: "11.0.0.1") == "11.0.0.1")
        #expect(try Self.client(fields, behind: "2001:db8::9") == "192.0.2.7")
        #expect(try Self.client(fields, behind: "2001:db9::9") == "2001:db9::9")
        // An IPv4 peer of a socket that takes both families.
        #expect(try Self.client(fields, behind: "::ffff:10.0.0.1") == "192.0.2.7")
        #expect(try Self.client(fields, behind: "10.0.0.1", trusting: ["10.0.0.2"]) == "10.0.0.1")
        #expect(try Self.client(fields, behind: "10.0.0.2", trusting: ["10.0.0.2"]) == "192.0.2.7")
    }

    /// What the client wrote stands at the front; the last address that no trusted proxy owns is its own.
    @Test(
        arguments: [
            (["X-Forwarded-For: 1.1.1.1, 192.0.2.7"], "192.0.2.7"),
            (["X-Forwarded-For: 1.1.1.1", "X-Forwarded-For: 192.0.2.7, 10.9.9.9"], "192.0.2.7"),
            (["x-forwarded-for: 192.0.2.7:4711"], "192.0.2.7"), (["X-Forwarded-For:\t192.0.2.7 \t"], "192.0.2.7"),
            (["X-Forwarded-For: 2001:DB9:0::7"], "2001:db9::7"), (["X-Forwarded-For: [2001:db9::7]:80"], "2001:db9::7"),
            (["X-Forwarded-For: ::ffff:192.0.2.7"], "192.0.2.7"), (["X-Forwarded-For: 10.1.1.1, 10.2.2.2"], "10.1.1.1"),
            (["X-Forwarded-For: 192.0.2.7, unknown"], "10.0.0.1"), (["X-Forwarded-For: 192.0.2.7, "], "10.0.0.1"),
            (["X-Forwarded-For: 192.0.2.7, 10.3.3.3, junk, 10.4.4.4"], "10.4.4.4"), (["X-Forwarded-For:"], "10.0.0.1"),
            (["X-Forwarded-For: 127.1"], "10.0.0.1"), (["X-Forwarded-For: [192.0.2.7"], "10.0.0.1"),
            (["Forwarded: for=192.0.2.7"], "10.0.0.1"), (["X_Forwarded_For: 192.0.2.7"], "10.0.0.1"), ([], "10.0.0.1"),
        ] as [([String], String)]
    )
    func readsTheFieldFromItsEnd(fields: [String], client: String) throws {
        #expect(try Self.client(fields) == client)
    }

    @Test(
        arguments: [
            (["Forwarded: for=192.0.2.7"], "192.0.2.7"), (["forwarded: FOR=\"192.0.2.7:80\";proto=http"], "192.0.2.7"),
            (["Forwarded: for=1.1.1.1, for=192.0.2.7;by=10.0.0.1"], "192.0.2.7"),
            (["Forwarded: proto=http;for=\"[2001:db9::7]:80\""], "2001:db9::7"),
            (["Forwarded: for=1.1.1.1", "Forwarded: for=192.0.2.7, for=10.5.5.5"], "192.0.2.7"),
            (["Forwarded: for=192.0.2.7, for=unknown"], "10.0.0.1"), (["Forwarded: for=_hidden"], "10.0.0.1"),
            (["Forwarded: for=192.0.2.7;for=192.0.2.8"], "10.0.0.1"), (["Forwarded: 192.0.2.7"], "10.0.0.1"),
            (["Forwarded: for=192.0.2.7, by=10.0.0.1"], "10.0.0.1"), (["Forwarded: for=\"192.0.2.7"], "10.0.0.1"),
            (["Forwarded: for=\"1.1.1.1, for=192.0.2.7\""], "10.0.0.1"), (["X-Forwarded-For: 192.0.2.7"], "10.0.0.1"),
        ] as [([String], String)]
    )
    func readsForwardedWhereThatIsConfigured(fields: [String], client: String) throws {
        #expect(try Self.client(fields, field: .forwarded) == client)
    }

    @Test func limitsAndLogsKnowTheAddressThatCounts() async throws {
        try await GateRig.run({ $0.limits.failuresPerMinute = 2 }) { rig async throws in
            for number in 0..<3 {
                let answer = try await rig.ask(
                    "GET",
                    "/v1/models",
                    token: "bad\(number)",
                    fields: ["X-Forwarded-For: 192.0.2.\(number)"]
                )
                #expect(answer.status == (number < 2 ? 401 : 429))
                #expect(try await rig.entry(of: answer).peer == "127.0.0.1")
            }
        }
        try await GateRig.run({
            $0.limits.failuresPerMinute = 2
            $0.listen.trustedProxies = (try? IPNetwork(parsing: "127.0.0.0/8")).map { [$0] } ?? []
        }) { rig async throws in
            for (token, number, status) in [("a", 1, 401), ("b", 1, 401), ("c", 1, 429), ("d", 2, 401)] {
                let answer = try await rig.ask(
                    "GET",
                    "/v1/models",
                    token: token,
                    fields: ["X-Forwarded-For: 192.0.2.9, 192.0.2.\(number)"]
                )
                #expect(answer.status == status)
                #expect(try await rig.entry(of: answer).peer == "192.0.2.\(number)")
            }
        }
    }

    @Test(arguments: [
        ("0.0.0.0/0", "may not be everybody"), ("::/0", "may not be everybody"), ("10.1.0.0/0", "may not be everybody"),
        ("::ffff:0:0/96", "is an IPv4 network in IPv6 form"), ("10.0.0.1/8", "has bits behind its prefix"),
        ("10.0.0.0/33", "must be an address"), ("10.0.0.0/", "must be an address"),
        ("10.0.0.0/-1", "must be an address"),
        ("localhost", "must be an address"), ("10.0.0.0/8/8", "must be an address"), ("*", "must be an address"),
    ])
    func checkRefusesANetworkThatCannotBeTrusted(network: String, words: String) {
        let text = "listen: {trusted_proxies: [\"\(network)\"]}\n" + Self.rest
        #expect(
            Kit.faults(text).contains { $0.contains("`listen.trusted_proxies[0]` \(words)") },
            "\(Kit.faults(text))"
        )
    }

    @Test func checkTakesNetworksAndAddresses() {
        for network in ["10.0.0.0/8", "192.0.2.1", "2001:db8::/32", "::1", "128.0.0.0/1"] {
            #expect(
                Kit.faults("listen: {trusted_proxies: [\"\(network)\"], forwarding: forwarded}\n" + Self.rest) == []
            )
        }
    }

    private static let rest = """
        identity: {jwt: [{issuer: https://idp.example, jwks: https://idp.example/keys}]}
        providers: {a: {kind: echo}}
        """
}
