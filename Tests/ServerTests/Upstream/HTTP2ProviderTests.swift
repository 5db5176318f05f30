import OstiaryTesting
import OstiaryWire
import Testing

@testable import OstiaryServer

/// The whole gate with a provider that speaks HTTP/2: the same answers as over HTTP/1.1.
@Suite struct HTTP2ProviderTests {
    private static func run(
        _ change: (inout Configuration) -> Void = { _ in },
        script: @escaping HTTP2Server.Script,
        _ test: (GateRig, HTTP2Server) async throws -> Void
    ) async throws {
        let authority = try Authority()
        try await HTTP2Server.open(authority.identity("localhost"), script: script) { server in
            try await GateRig.run(
                { configuration in
                    configuration.providers[0].baseURL = "https://localhost:\(server.port)/v1"
                    change(&configuration)
                },
                trust: Trust(roots: authority.roots)
            ) { rig async throws in
                try await test(rig, server)
                try await rig.expectBalanced()
            }
        }
    }

    @Test func answersAQuestion() async throws {
        try await Self.run(script: { _ in HTTP2Server.answer(#"{"id":"1"}"#, [("server", "x")]) }) {
            rig,
            server async throws in
            let answer = try await rig.chat(fields: ["Accept: application/json", "X-Secret: mine"])
            #expect(answer.status == 200)
            #expect(answer.text == #"{"id":"1"}"#)
            #expect(answer["server"] == nil)
            let asked = try #require(try await server.requests(1).first)
            #expect(asked[":method"] == "POST")
            #expect(asked[":path"] == "/v1/chat/completions")
            #expect(asked["authorization"] == "Bearer \(GateRig.providerKey)")
            // The key enters no table on its way.
            #expect(asked.secret.contains("authorization"))
            #expect(asked["x-secret"] == nil)
            #expect(asked.text == GateRig.question())
            #expect(try await rig.metric("gw_upstream_http2_connections") == 1)
        }
    }

    @Test func streamsEventsAsTheyCome() async throws {
        let latches = [Latch(), Latch()]
        let script: HTTP2Server.Script = { _ in
            [
                .head(200, [("content-type", "text/event-stream")]), .data("data: 1\n\n"), .wait(latches[0]),
                .data("data: 2\n\n"), .wait(latches[1]), .data("data: [DONE]\n\n"), .end,
            ]
        }
        try await Self.run(script: script) { rig, _ async throws in
            let client = try rig.client()
            client.send(rig.chatRequest(stream: true))
            try await client.receive(until: "data: 1\n\n")
            latches[0].open()
            try await client.receive(until: "data: 2\n\n")
            latches[1].open()
            let answer = try await client.answer()
            #expect(answer.isComplete)
            #expect(answer.text.hasSuffix("data: [DONE]\n\n"))
            client.leave()
        }
    }

    // SEC-505
    @Test func aStreamThatBreaksOffEndsWithAnError() async throws {
        let latch = Latch()
        let script: HTTP2Server.Script = { _ in
            [.head(200, [("content-type", "text/event-stream")]), .data("data: 1\n\n"), .wait(latch), .reset(2)]
        }
        try await Self.run(script: script) { rig, _ async throws in
            let client = try rig.client()
            defer { client.leave() }
            client.send(rig.chatRequest(stream: true))
            try await client.receive(until: "data: 1\n\n")
            latch.open()
            let answer = try await client.answer()
            #expect(answer.text.contains("data: 1\n\n"))
            #expect(answer.text.contains("upstream"))
            #expect(!answer.text.contains("[DONE]"))
            #expect(try await rig.entry(of: answer).cut == "upstream")
        }
    }

    // SEC-506
    @Test func theKeyIsTakenOutOfAProvidersError() async throws {
        let script: HTTP2Server.Script = { _ in
            [
                .head(400, [("content-type", "application/json")]),
                .data(#"{"error":{"message":"bad key \#(GateRig.providerKey)"}}"#), .end,
            ]
        }
        try await Self.run(script: script) { rig, _ async throws in
            let answer = try await rig.chat()
            #expect(answer.status == 400)
            #expect(!answer.text.contains(GateRig.providerKey))
        }
    }

    // SEC-703
    @Test func aClientThatLeavesEndsItsStreamAtTheProvider() async throws {
        let script: HTTP2Server.Script = { _ in
            [.head(200, [("content-type", "text/event-stream")]), .data("data: 1\n\n")]
        }
        try await Self.run(script: script) { rig, server async throws in
            let client = try rig.client()
            client.send(rig.chatRequest(stream: true))
            try await client.receive(until: "data: 1\n\n")
            client.leave()
            try await server.record.wait("a stream is cancelled") { $0.resets == [8] }
            #expect(try await rig.entry { $0.cut == "client" }.status == 200)
        }
    }

    @Test func canBeSwitchedOff() async throws {
        try await Self.run({ $0.providers[0].http2 = false }, script: { _ in HTTP2Server.answer("{}") }) {
            rig,
            server async throws in
            // The server has only HTTP/2's frames to say behind its handshake.
            #expect(try await rig.chat().status == 502)
            #expect(server.record.value.requests.isEmpty)
        }
    }
}
