import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryServer

// SEC-002
/// Whatever fails while a call is decided, the call is refused: with a status, an entry and a number, and nothing goes to
/// a provider.
@Suite struct FailClosedTests {
    @Test(arguments: FaultPoint.allCases)
    func aFaultRefusesAndReachesNobody(point: FaultPoint) async throws {
        let issuer = TestIssuer()
        try await GateRig.run(
            { point.inject(&$0) },
            issuer: issuer,
            keys: try point.keys(issuer),
            held: point.held
        ) { rig async throws in
            try await point.prepare(rig)
            for route in Routes.all where point.concerns(route) {
                let method = route.methods.contains(.post) ? "POST" : "GET"
                let counted = try await counted(rig, point)
                let answer = try await rig.ask(
                    method,
                    route.sample,
                    token: point.token(rig),
                    body: method == "POST" ? Self.body(point) : nil
                )
                #expect(answer.status == point.refusal.entry.status, "\(route.path)")
                #expect(answer.code == point.refusal.rawValue, "\(route.path)")
                let entry = try await rig.entry(of: answer)
                #expect(entry.outcome == point.refusal.rawValue, "\(route.path)")
                #expect(entry.status == answer.status, "\(route.path)")
                #expect(entry.cause?.isEmpty == false, "\(route.path)")
                let after = try await self.counted(rig, point)
                #expect(after.own == counted.own.map { $0 + 1 }, "\(route.path): \(point.metric ?? "")")
                #expect(after.requests == counted.requests + 1, "\(route.path)")
            }
            #expect(rig.upstream.connections.isEmpty)
            try await rig.expectBalanced()
        }
    }

    /// A long body with its model at the end, where the bound is what fails.
    private static func body(_ point: FaultPoint) -> String {
        let content = String(repeating: "x", count: point == .memory ? 1_000_000 : 5)
        return #"{"input":"\#(content)","prompt":"hello","messages":[],"model":"m"}"#
    }

    /// The point's own number, and that of requests with its status.
    private func counted(_ rig: GateRig, _ point: FaultPoint) async throws -> (own: Double?, requests: Double) {
        let lines = try await rig.askAdmin("GET", "/metrics").text.split(separator: "\n")
        func value(_ line: Substring) -> Double { line.split(separator: " ").last.flatMap { Double($0) } ?? 0 }
        let status = #"status="\#(point.refusal.entry.status)""#
        let requests = lines.filter { $0.hasPrefix("gw_requests_total{") && $0.contains(status) }
        let own = point.metric.map { name in lines.first { $0.hasPrefix(name + " ") }.map(value) ?? 0 }
        return (own, requests.reduce(0) { $0 + value($1) })
    }

    // SEC-108
    @Test func twoTokensAreRefusedThoughTheKeysCannotBeHad() async throws {
        let issuer = TestIssuer()
        let keys = try FaultPoint.keysUnreachable.keys(issuer)
        try await GateRig.run(issuer: issuer, keys: keys) { rig async throws in
            let fetches = keys.fetches
            for fields in [
                ["Authorization: Bearer \(rig.token())", "Authorization: Bearer \(rig.token(sub: "user-2"))"],
                ["Authorization: Bearer \(rig.token())", "X-API-Key: \(rig.token(sub: "user-2"))"],
            ] {
                let answer = try await rig.ask("GET", "/v1/models", fields: fields)
                #expect(answer.status == 400)
                #expect(answer["connection"] == "close")
            }
            #expect(keys.fetches == fetches)
            // Who is meant depends on whose they are, which nobody can say.
            let apart = [
                "Authorization: Bearer \(rig.token())", "X-API-Key: \(rig.token(sub: "user-2"))",
                "anthropic-version: 2023-06-01",
            ]
            #expect(try await rig.ask("GET", "/v1/models", fields: apart).status == 503)
            #expect(rig.upstream.connections.isEmpty)
        }
    }

    /// Bytes beyond ASCII decide nothing in anybody's favour (a gate elsewhere skipped a rule over them).
    @Test(
        arguments: [
            ("GET /v1/models\u{e9} HTTP/1.1", "Authorization: Bearer TOKEN", 400),
            ("GET /health\u{e9} HTTP/1.1", "A: b", 400),
            ("GET /v1/models HTTP/1.1", "Authorization: Bearer TOKEN\u{e9}", 401),
            ("GET /v1/models HTTP/1.1", "Authorization: Bear\u{e9}r TOKEN", 401),
            ("GET /v1/models HTTP/1.1", "Authori\u{e9}ation: Bearer TOKEN", 400),
            ("GET /v1/models HTTP/1.1", "X-API-Key: \u{e9}", 401),
        ] as [(String, String, Int)]
    )
    func bytesBeyondASCIIOpenNothing(line: String, field: String, status: Int) async throws {
        try await GateRig.run { rig async throws in
            let client = try rig.client()
            client.send("\(line)\r\nHost: gate.example\r\n\(field.replacing("TOKEN", with: rig.token()))\r\n\r\n")
            #expect(try await client.answer().status == status)
            client.leave()
            #expect(rig.upstream.connections.isEmpty)
        }
    }

    /// A log that cannot be written stops no answer and opens nothing.
    @Test func aBrokenLogOpensNothing() async throws {
        try await GateRig.run { rig async throws in
            rig.log.breakDown()
            for route in Routes.all where route.kind != nil {
                let method = route.methods.contains(.post) ? "POST" : "GET"
                let body = method == "POST" ? GateRig.question() : nil
                #expect(try await rig.ask(method, route.sample, body: body).status == 401)
                #expect(try await rig.ask(method, route.sample, token: "bad", body: body).status == 401)
                #expect(try await rig.ask(method, route.sample, token: rig.token(scope: "x"), body: body).status == 403)
            }
            #expect(rig.upstream.connections.isEmpty)
            try await wait(for: "the loss to be counted") { try await rig.metric("gw_log_lost_bytes_total") > 0 }
            #expect(try await rig.chat().status == 200)
        }
    }

    // SEC-005
    /// The gate's time is the clock it was given: tokens of that time pass, and those of the machine's time do not.
    @Test func decidesByItsOwnClockAlone() async throws {
        try await GateRig.run { rig async throws in
            rig.clock.setWall(4_000_000_000)
            let health = try await rig.ask("GET", "/health")
            #expect(health.status == 200)
            let token = rig.token()
            #expect(try await rig.ask("GET", "/v1/models", token: token).status == 200)
            let old = rig.issuer.token(now: UnixTime(seconds: 1_800_000_000))
            #expect(try await rig.ask("GET", "/v1/models", token: old).code == "token_expired")
            rig.clock.setWall(4_000_000_000 + 631)
            #expect(try await rig.ask("GET", "/v1/models", token: token).code == "token_expired")
        }
    }
}
