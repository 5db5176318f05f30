import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryServer

// The CORS protocol of the Fetch standard.
@Suite struct OriginTests {
    private static let change: @Sendable (inout Configuration) -> Void = {
        $0.listen.origins = ["https://app.example", "http://localhost:3000"]
    }
    private static let preflight = [
        "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization",
    ]

    @Test func aPreflightOfAConfiguredOriginNeedsNoToken() async throws {
        try await GateRig.run(Self.change) { rig async throws in
            let answer = try await rig.ask(
                "OPTIONS",
                "/v1/chat/completions",
                fields: Self.preflight + ["Origin: https://app.example"]
            )
            #expect(answer.status == 204)
            #expect(answer["access-control-allow-origin"] == "https://app.example")
            #expect(answer["access-control-allow-methods"] == "GET, HEAD, POST")
            let accepted = Set(
                answer["access-control-allow-headers"]?.split(separator: ",").map { $0.drop { $0 == " " } } ?? []
            )
            for name in ["authorization", "content-type", "x-api-key", "x-stainless-lang", "anthropic-version"] {
                #expect(accepted.contains(name[...]))
            }
            #expect(answer["vary"] == "origin")
            #expect(answer["access-control-allow-credentials"] == nil)
            #expect(rig.upstream.connections.isEmpty)
        }
    }

    @Test(arguments: [
        "Origin: https://evil.example", "Origin: https://app.example.evil.example", "Origin: null",
        "Origin: https://APP.example",
        "Origin: http://app.example", "Origin: https://app.example:444", "X-No: origin",
    ])
    func everyOtherPreflightIsAStrangersCall(origin: String) async throws {
        try await GateRig.run(Self.change) { rig async throws in
            let answer = try await rig.ask("OPTIONS", "/v1/chat/completions", fields: Self.preflight + [origin])
            #expect(answer.status == 401)
            #expect(!answer.names.contains { $0.hasPrefix("access-control") })
        }
    }

    @Test func anOPTIONSWithoutAQuestionIsNoPreflight() async throws {
        try await GateRig.run(Self.change) { rig async throws in
            let answer = try await rig.ask("OPTIONS", "/v1/models", fields: ["Origin: https://app.example"])
            #expect(answer.status == 401)
            // A page must be able to read that it was refused.
            #expect(answer["access-control-allow-origin"] == "https://app.example")
        }
    }

    @Test func answersCanBeReadByThePage() async throws {
        try await GateRig.run(Self.change) { rig async throws in
            let answer = try await rig.chat("echo", fields: ["Origin: http://localhost:3000"])
            #expect(answer.status == 200)
            #expect(answer["access-control-allow-origin"] == "http://localhost:3000")
            #expect(answer["access-control-expose-headers"]?.contains("x-request-id") == true)
            #expect(answer["access-control-allow-methods"] == nil)
            let plain = try await rig.chat("echo")
            #expect(plain["vary"] == "origin")
            #expect(plain["access-control-allow-origin"] == nil)
        }
    }

    @Test func withoutOriginsNothingIsSaid() async throws {
        try await GateRig.run { rig async throws in
            let answer = try await rig.ask(
                "OPTIONS",
                "/v1/models",
                fields: Self.preflight + ["Origin: https://app.example"]
            )
            #expect(answer.status == 401)
            #expect(answer["vary"] == nil)
        }
    }
}
