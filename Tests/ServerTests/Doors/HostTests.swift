import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryServer

// SEC-103
@Suite struct HostTests {
    private static func status(_ rig: GateRig, _ host: String, target: String = "/v1/models") async throws -> Int {
        let client = try rig.client()
        defer { client.leave() }
        client.send("GET \(target) HTTP/1.1\r\nHost: \(host)\r\nAuthorization: Bearer \(rig.token())\r\n\r\n")
        return try await client.answer().status
    }

    @Test func answersOnlyToTheHostsThatAreListed() async throws {
        try await GateRig.run({ $0.listen.hosts = ["gate.example", "127.0.0.1:8080", "[::1]"] }) { rig async throws in
            for host in ["gate.example", "GATE.example:1", "127.0.0.1:8080", "[::1]", "[::1]:80"] {
                #expect(try await Self.status(rig, host) == 200, "\(host)")
            }
            for host in [
                "evil.example", "gate.example.evil.example", "xgate.example", "gate.example.", "127.0.0.1",
                "127.0.0.1:80",
                "[::2]", "gate", "localhost",
            ] {
                #expect(try await Self.status(rig, host) == 421, "\(host)")
            }
            // Before anything is asked of anybody, open routes too.
            #expect(try await Self.status(rig, "evil.example", target: "/health") == 421)
            let answer = try await rig.ask("GET", "/v1/models", token: "bad")
            #expect(answer.status == 401)
            #expect(rig.upstream.connections.isEmpty)
        }
    }

    @Test func theTargetsHostWins() async throws {
        try await GateRig.run({ $0.listen.hosts = ["gate.example"] }) { rig async throws in
            #expect(try await Self.status(rig, "evil.example", target: "http://gate.example/v1/models") == 200)
            #expect(try await Self.status(rig, "gate.example", target: "http://evil.example/v1/models") == 421)
            #expect(try await Self.status(rig, "gate.example", target: "HTTPS://Gate.Example:9/v1/models") == 200)
        }
    }

    @Test func aMisdirectedRequestIsAnErrorLikeOthers() async throws {
        try await GateRig.run({ $0.listen.hosts = ["gate.example"] }) { rig async throws in
            let client = try rig.client()
            client.send("GET /v1/models HTTP/1.1\r\nHost: evil.example\r\n\r\n")
            let answer = try await client.answer()
            #expect(answer.code == "misdirected_request")
            #expect(answer["connection"] == nil)
            let entry = try await rig.entry(of: answer)
            #expect(entry.status == 421)
            #expect(entry.cause == "misdirected_request")
            // Another request on the connection may be for us.
            client.send(rig.goodRequest())
            #expect(try await client.answer().status == 200)
            client.leave()
        }
    }

    /// Routes, permission and the way to the provider do not depend on the host (SEC-003).
    @Test func nothingElseDependsOnTheHost() async throws {
        try await GateRig.run { rig async throws in
            for host in ["gate.example", "127.0.0.1:1", "api.openai.com", "[::1]", "health", "v1.models.x"] {
                #expect(try await Self.status(rig, host) == 200)
                #expect(try await Self.status(rig, host, target: "/nowhere") == 404)
                let client = try rig.client()
                client.send(rig.chatRequest().replacing("Host: gate.example", with: "Host: \(host)"))
                #expect(try await client.answer().status == 200)
                client.leave()
            }
            for request in rig.upstream.requests {
                #expect(request.message["host"] == "127.0.0.1:\(rig.upstream.port)")
            }
        }
    }

    @Test(arguments: [
        "gate.example/x", "https://gate.example", "*", "*.example", "gate example", "gate.example:", "gate.example:0",
        "gate.example:99999", "gate.example:http", "::1", "[::1", "[gate]", "a@b", "",
    ])
    func checkRefusesWhatIsNoHost(host: String) {
        let text = "listen: {hosts: [\"\(host)\"]}\n" + Self.rest
        #expect(Kit.faults(text).contains { $0.contains("`listen.hosts[0]` must be a host such as") })
    }

    @Test func checkTakesHosts() throws {
        let configuration = try Kit.read(
            "listen: {hosts: [Gate.example, 192.0.2.1:80, \"[2001:DB8::1]:80\"]}\n" + Self.rest
        )
        #expect(configuration.listen.hosts == ["gate.example", "192.0.2.1:80", "[2001:db8::1]:80"])
    }

    private static let rest = """
        identity: {jwt: [{issuer: https://idp.example, jwks: https://idp.example/keys}]}
        providers: {a: {kind: echo}}
        """
}
