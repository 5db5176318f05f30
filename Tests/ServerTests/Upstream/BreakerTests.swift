import Foundation
import OstiaryCore
import OstiaryTesting
import OstiaryWire
import Testing

@testable import OstiaryServer

// A provider that fails, through the whole gate (SEC-702).
@Suite struct BreakerTests {
    private struct Upstreams: Decodable {
        struct Provider: Decodable {
            let name: String
            let breaker: String
            let failures_in_a_row: Int
            let open_for_seconds: Int?
        }

        let providers: [Provider]
    }

    private func upstreams(_ rig: GateRig) async throws -> [Upstreams.Provider] {
        let answer = try await rig.askAdmin("GET", "/admin/upstreams")
        #expect(answer.status == 200)
        return try JSONDecoder().decode(Upstreams.self, from: Data(answer.body)).providers
    }

    // SEC-702
    @Test func aProviderThatFailsIsLeftAloneAndTriedAgain() async throws {
        let isWell = Latch()
        let upstream = try RecordingUpstream { _ in
            isWell.isOpen ? [.answer("{}")] : [.answer(#"{"error":{"message":"down"}}"#, status: "503 Down")]
        }
        try await GateRig.run(upstream: upstream) { rig async throws in
            for _ in 0..<5 {
                let answer = try await rig.chat()
                #expect(answer.status == 503)
                #expect(answer.text.contains("down"))
            }
            let refused = try await rig.chat()
            #expect(refused.status == 502)
            #expect(refused.code == "upstream_unreachable")
            #expect(refused["retry-after"] == "10")
            #expect(try await rig.entry(of: refused).cause == "breaker_open")
            #expect(upstream.requests.count == 5)
            let report = try #require(try await upstreams(rig).first)
            #expect(report.name == "main")
            #expect(report.breaker == "open")
            #expect(report.open_for_seconds == 10)
            #expect(try await rig.metric(#"gw_upstream_breaker{provider="main"}"#) == 2)
            #expect(try await rig.metric(#"gw_upstream_breaker_refused_total{provider="main"}"#) == 1)
            // The gate itself is well, and other providers are.
            #expect(try await rig.askAdmin("GET", "/ready").status == 200)
            #expect(try await rig.chat("echo").status == 200)

            isWell.open()
            try await rig.pass(10)
            #expect(try await rig.chat().status == 200)
            #expect(try await upstreams(rig).map(\.breaker) == ["closed"])
            #expect(try await rig.metric(#"gw_upstream_breaker_changes_total{provider="main",to="closed"}"#) == 1)
            try await wait(for: "the log") {
                let told = rig.log.events.map(\.message)
                return [
                    "a provider fails and is left alone", "it is tried whether a provider is back",
                    "a provider is back",
                ].allSatisfy(told.contains)
            }
            try await rig.expectBalanced()
        }
    }

    @Test func theOperatorMaySwitchItOff() async throws {
        let upstream = try RecordingUpstream.answering("{}", status: "503 Down")
        try await GateRig.run({ $0.providers[0].breaker.failures = 0 }, upstream: upstream) { rig async throws in
            for _ in 0..<10 { #expect(try await rig.chat().status == 503) }
            #expect(upstream.requests.count == 10)
        }
    }

    // SEC-505: a provider's own refusal is the client's to act on.
    @Test(arguments: ["429 Slow", "503 Down"]) func aRefusalWithRetryAfterIsPassedOnOnce(_ status: String) async throws
    {
        let upstream = try RecordingUpstream.answering("{}", status: status, fields: "Retry-After: 7\r\n")
        try await GateRig.run(upstream: upstream) { rig async throws in
            let answer = try await rig.chat()
            #expect(status.hasPrefix("\(answer.status)"))
            #expect(answer["retry-after"] == "7")
            #expect(upstream.requests.count == 1)
        }
    }

    // SEC-703
    @Test func tokensThatWereUsedAreNotedWhenTheClientLeaves() async throws {
        try await GateRig.run(upstream: RecordingUpstream.handingOver()) { rig async throws in
            let line = try rig.client()
            line.send(rig.chatRequest(stream: true))
            let provider = try await rig.upstream.handed()
            let event = #"data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2}}"# + "\n\n"
            provider.send(RecordingUpstream.streamHead + RecordingUpstream.chunk(event))
            try await line.receive(until: event)
            let left = ContinuousClock.now
            line.leave()
            try await provider.receiveEnd()
            let took = ContinuousClock.now - left
            // The real time of a busy machine; what it takes without load stands in the peer tests.
            #expect(took < .seconds(1))
            let entry = try await rig.entry { $0.route == "/v1/chat/completions" }
            #expect(entry.cut == "client")
            #expect(entry.tokens_in == 7)
            #expect(try await rig.metric("gw_upstream_cancelled_total") == 1)
            try await rig.expectBalanced()
        }
    }

    @Test func aStreamThatFallsSilentEndsWithATimeOut() async throws {
        try await GateRig.run({ $0.providers[0].timeouts.silence = 30 }, upstream: RecordingUpstream.handingOver()) {
            rig async throws in
            let line = try rig.client()
            line.send(rig.chatRequest(stream: true))
            let provider = try await rig.upstream.handed()
            provider.send(RecordingUpstream.streamHead + RecordingUpstream.chunk("data: 1\n\n"))
            try await line.receive(until: "data: 1")
            try await rig.pass(31)
            let answer = try await line.answer()
            #expect(!answer.isComplete)
            #expect(answer.text.contains("upstream_timeout"))
            #expect(try await rig.entry(of: answer).cause == "silence")
            try await rig.expectBalanced()
        }
    }
}
