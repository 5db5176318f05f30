import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryServer

// jwt-gate 8 and 12.6
@Suite struct StreamTests {
    private func ask(_ rig: GateRig, _ token: String? = nil) async throws -> RawLine {
        let line = try await rig.connect()
        line.send(
            rig.request(
                "POST",
                "/v1/chat/completions",
                token: token ?? rig.token(),
                body: GateRig.question(stream: true)
            )
        )
        return line
    }

    /// The provider's side of the latest connection, once it has been asked.
    private func provider(_ rig: GateRig, _ count: Int = 1) async throws -> RawLine {
        try await wait(for: "the provider to be asked") { rig.upstream.requests.count >= count }
        return try #require(rig.upstream.lines.last)
    }

    @Test func aLongSilentStreamSurvives() async throws {
        try await GateRig.run(upstream: Upstream.silent) { rig async throws in
            let line = try await ask(rig)
            let provider = try await provider(rig)
            provider.send(Upstream.streamHead)
            let head = try #require(try await line.nextHead())
            #expect(head.status == 200)
            #expect(head["content-type"] == "text/event-stream")
            for number in 0..<15 {
                rig.clock.advance(40)
                try await rig.gate.checkDeadlines()
                provider.send(Upstream.chunk("data: \(number)\n\n"))
                // Each piece is passed on as it comes, not when the answer is complete.
                try await wait(for: "piece \(number)") {
                    String(decoding: line.waiting, as: UTF8.self).contains("data: \(number)\n\n")
                }
            }
            provider.send("0\r\n\r\n")
            try await wait(for: "the end") { String(decoding: line.waiting, as: UTF8.self).hasSuffix("0\r\n\r\n") }
            let entry = try await rig.entry { $0.route == "/v1/chat/completions" }
            #expect(entry.outcome == "answered")
            #expect((entry.duration_ms ?? 0) >= 600_000)
            #expect((entry.upstream_ms ?? 0) >= 600_000)
            line.close()
            try await rig.expectBalanced()
        }
    }

    @Test func aHeadThatTakesLongerThanFiveMinutesIsATimeout() async throws {
        try await GateRig.run(upstream: Upstream.silent) { rig async throws in
            let line = try await ask(rig)
            let provider = try await provider(rig)
            rig.clock.advance(299)
            try await rig.gate.checkDeadlines()
            #expect(line.waiting.isEmpty)
            rig.clock.advance(2)
            try await rig.gate.checkDeadlines()
            let answer = try await line.nextAnswer()
            #expect(answer.status == 504)
            #expect(answer.code == "upstream_timeout")
            try await wait(for: "the request's end at the provider") { provider.end != nil }
            #expect((try await rig.entry(of: answer).upstream_ms ?? 0) >= 300_000)
            line.close()
            try await rig.expectBalanced()
        }
    }

    // SEC-505
    @Test func aProviderThatBreaksOffIsNoEnd() async throws {
        try await GateRig.run(upstream: Upstream.silent) { rig async throws in
            let line = try await ask(rig)
            let provider = try await provider(rig)
            provider.send(Upstream.streamHead + Upstream.chunk("data: 1\n\n"))
            try await wait(for: "the piece") { String(decoding: line.waiting, as: UTF8.self).contains("data: 1") }
            provider.close()
            let answer = try await line.nextAnswer()
            #expect(answer.isCut)
            #expect(answer.text == "data: 1\n\n")
            let entry = try await rig.entry(of: answer)
            #expect(entry.status == 200)
            #expect(entry.outcome == "cut")
            #expect(entry.cut == "upstream")
            #expect(entry.level == "warning")
            try await rig.expectBalanced()
        }
    }

    @Test func aShortDocumentIsNoEnd() async throws {
        let bytes = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"half\":"
        try await GateRig.run(upstream: Upstream.saying(bytes, thenCloses: true)) { rig async throws in
            let answer = try await rig.chat()
            #expect(answer.isCut)
            #expect(try await rig.entry(of: answer).cut == "upstream")
            try await rig.expectBalanced()
        }
    }

    // SEC-703
    @Test(arguments: [true, false]) func aClientThatLeavesEndsItsRequest(begun: Bool) async throws {
        try await GateRig.run(upstream: Upstream.silent) { rig async throws in
            let line = try await ask(rig)
            let provider = try await provider(rig)
            if begun {
                provider.send(Upstream.streamHead + Upstream.chunk("data: 1\n\n"))
                _ = try await line.nextHead()
            }
            line.close()
            try await wait(for: "the request's end at the provider") { provider.end != nil }
            let entry = try await rig.entry { $0.route == "/v1/chat/completions" }
            #expect(entry.outcome == "cut")
            #expect(entry.cut == "client")
            #expect(entry.status == (begun ? 200 : 499))
            #expect(entry.level == "warning")
            try await rig.expectBalanced()
            #expect(rig.log.entries.count { $0.route == "/v1/chat/completions" } == 1)
        }
    }

    @Test func aSlotIsFreeAfterEveryEnd() async throws {
        try await GateRig.run({ $0.limits.concurrent = 1 }, upstream: Upstream.silent) { rig async throws in
            var asked = 0
            for end in ["complete", "broken", "client leaves", "refused", "complete"] {
                let line = try await ask(rig)
                asked += 1
                let provider = try await provider(rig, asked)
                let second = try await rig.chat()
                #expect(second.status == 429, "\(end)")
                #expect(second.code == "concurrency_limit_exceeded")
                #expect(second["retry-after"] == "1")
                switch end {
                case "broken":
                    provider.send(Upstream.streamHead + Upstream.chunk("x"))
                    provider.close()
                    #expect(try await line.nextAnswer().isCut)
                case "client leaves": line.close()
                case "refused":
                    provider.send("HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n")
                    #expect(try await line.nextAnswer().status == 502)
                default:
                    provider.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}")
                    #expect(try await line.nextAnswer().status == 200)
                }
                line.close()
                try await rig.expectBalanced()
            }
        }
    }

    @Test func aSlowClientHoldsTheProviderBack() async throws {
        let piece = String(repeating: "x", count: 64 * 1024)
        try await GateRig.run(upstream: Upstream.silent) { rig async throws in
            let line = try await ask(rig)
            let provider = try await provider(rig)
            provider.send(Upstream.streamHead)
            for _ in 0..<64 { provider.send(Upstream.chunk(piece)) }
            provider.send("0\r\n\r\n")
            let answer = try await line.nextAnswer()
            #expect(answer.body.count == 64 * 64 * 1024)
            #expect(!answer.isCut)
            line.close()
            try await rig.expectBalanced()
        }
    }
}
