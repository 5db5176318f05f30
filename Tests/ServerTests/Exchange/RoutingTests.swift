import OstiaryCore
import OstiaryModels
import OstiaryTesting
import Testing

@testable import OstiaryServer

// Several providers for one model, and one provider asked more than once.
@Suite struct RoutingTests {
    private static let good = #"{"id":"1","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}"#

    /// Two providers for `m`: the rig's, and one that always answers.
    private static func pair(
        _ spare: RecordingUpstream,
        retries: Int = 0,
        choose: ModelRules.Choice = .order
    ) -> @Sendable (inout Configuration) -> Void {
        let port = spare.port
        return { configuration in
            for index in configuration.providers.indices { configuration.providers[index].retries = retries }
            var second = configuration.providers[0]
            second.name = "spare"
            second.baseURL = "http://127.0.0.1:\(port)/v1"
            second.key = .environment("OTHER_KEY")
            second.retries = 0
            configuration.providers.append(second)
            var model = GateRig.model("m", "main", upstream: "first")
            var other = Configuration.Other()
            other.provider = "spare"
            other.upstream = "second"
            model.others = [other]
            model.choose = choose
            configuration.models = [model]
        }
    }

    @Test(arguments: [
        "500 Internal Server Error", "503 Service Unavailable", "529 Overloaded", "429 Too Many Requests",
        "401 Unauthorized", "403 Forbidden", "302 Found",
    ])
    func theNextOneAnswersForOneThatFails(status: String) async throws {
        let spare = try RecordingUpstream.answering(Self.good)
        defer { spare.stop() }
        let upstream = try RecordingUpstream.answering("{}", status: status)
        try await GateRig.run(Self.pair(spare), upstream: upstream) { rig async throws in
            let answer = try await rig.chat()
            #expect(answer.status == 200)
            #expect(answer.text == Self.good)
            let request = try #require(spare.requests.first?.message)
            #expect(request.text.contains(#""model":"second""#))
            #expect(request["authorization"] == "Bearer \(GateRig.otherKey)")
            #expect(rig.upstream.requests.count == 1)
            let entry = try await rig.entry(of: answer)
            #expect(entry.provider == "spare")
            #expect(entry.model == "m")
            #expect(try await rig.metric("gw_model_fallbacks_total") == 1)
            try await rig.expectBalanced()
        }
    }

    @Test func anUnreachableOneIsNoEnd() async throws {
        let spare = try RecordingUpstream.answering(Self.good)
        defer { spare.stop() }
        let pair = Self.pair(spare)
        try await GateRig.run({
            pair(&$0)
            $0.providers[0].baseURL = "http://127.0.0.1:1/v1"
        }) { rig async throws in
            #expect(try await rig.chat().status == 200)
            try await rig.expectBalanced()
        }
    }

    @Test(arguments: ["400 Bad Request", "404 Not Found", "413 Content Too Large", "422 Unprocessable"])
    func whatTheClientDidWrongStaysWrong(status: String) async throws {
        let spare = try RecordingUpstream.answering(Self.good)
        defer { spare.stop() }
        let upstream = try RecordingUpstream.answering(#"{"error":{"message":"no"}}"#, status: status)
        try await GateRig.run(Self.pair(spare), upstream: upstream) { rig async throws in
            #expect(try await rig.chat().status == Int(status.prefix(3)))
            #expect(spare.requests.isEmpty)
        }
    }

    @Test func theLastOnesFailureIsTold() async throws {
        let spare = try RecordingUpstream.answering(
            #"{"error":{"message":"full"}}"#,
            status: "429 Too Many",
            fields: "Retry-After: 9\r\n"
        )
        defer { spare.stop() }
        let upstream = try RecordingUpstream.answering("{}", status: "503 Busy")
        try await GateRig.run(Self.pair(spare), upstream: upstream) { rig async throws in
            let answer = try await rig.chat()
            #expect(answer.status == 429)
            #expect(answer["retry-after"] == "9")
        }
    }

    // SEC-505: only before anything went to the client.
    @Test func aStreamThatBreaksIsNotBegunAnew() async throws {
        let spare = try RecordingUpstream.answering(Self.good)
        defer { spare.stop() }
        try await GateRig.run(Self.pair(spare), upstream: RecordingUpstream.handingOver()) { rig async throws in
            let line = try rig.client()
            line.send(rig.chatRequest(stream: true))
            let provider = try await rig.upstream.handed()
            provider.send(RecordingUpstream.streamHead + RecordingUpstream.chunk("data: 1\n\n"))
            try await line.receive(until: "data: 1")
            provider.leave()
            #expect(try await !line.answer().isComplete)
            #expect(spare.requests.isEmpty)
        }
    }

    @Test func theOtherMaySpeakAnotherDialect() async throws {
        let spare = try RecordingUpstream.answering(
            #"{"id":"c","object":"chat.completion","created":1,"model":"x","choices":[{"index":0,"message":{"role":"assistant","content":"from the spare"},"finish_reason":"stop"}]}"#
        )
        defer { spare.stop() }
        let upstream = try RecordingUpstream.answering("{}", status: "529 Overloaded")
        let pair = Self.pair(spare)
        try await GateRig.run(
            {
                pair(&$0)
                $0.providers[0].kind = .anthropic
            },
            upstream: upstream
        ) { rig async throws in
            let answer = try await rig.ask("POST", "/v1/messages", token: rig.token(), body: MessagesTests.question)
            #expect(answer.status == 200)
            #expect(answer.text.contains("from the spare"))
            #expect(rig.upstream.requests.first?.message.target == "/v1/messages")
            #expect(spare.requests.first?.message.target == "/v1/chat/completions")
        }
    }

    // MARK: The same once more (R18)

    private static func failingOnce(_ status: String, _ fields: String = "") throws -> RecordingUpstream {
        try RecordingUpstream { request in
            request.number == 0 ? [.answer("{}", status: status, fields: fields)] : [.answer(good)]
        }
    }

    private static func retrying(_ configuration: inout Configuration) {
        for index in configuration.providers.indices { configuration.providers[index].retries = 2 }
    }

    @Test(arguments: [("500 Oops", ""), ("429 Slow", "Retry-After: 2\r\n"), ("503 Busy", "Retry-After: 1\r\n")])
    func aFailureThatPassesIsWaitedOut(_ status: String, _ fields: String) async throws {
        try await GateRig.run(Self.retrying, upstream: Self.failingOnce(status, fields)) { rig async throws in
            async let answer = rig.chat(fields: ["x-stainless-retry-count: 0"])
            try await wait(for: "another request") {
                rig.clock.advance(0.1)
                return rig.upstream.requests.count == 2
            }
            #expect(try await answer.status == 200)
            #expect(rig.upstream.requests.count == 2)
            #expect(try await rig.metric("gw_model_retries_total") == 1)
            try await rig.expectBalanced()
        }
    }

    // Rule C6: Claude Code repeats without saying so, and the gate is not to repeat each of its repetitions.
    @Test func `a repetition of Claude Code's is known by its session and its body`() async throws {
        let upstream = try RecordingUpstream.answering("{}", status: "500 Oops")
        try await GateRig.run(
            { configuration in
                for index in configuration.providers.indices { configuration.providers[index].retries = 1 }
            },
            upstream: upstream
        ) { rig async throws in
            func ask(_ session: String) async throws -> Int {
                let before = rig.upstream.requests.count
                let ended = Later<Int?>(nil)
                let asking = Task {
                    let answer = try await rig.chat(
                        fields: ["x-stainless-retry-count: 0", "x-claude-code-session-id: \(session)"]
                    )
                    ended.value = answer.status
                }
                defer { asking.cancel() }
                try await wait(for: "the answer") {
                    rig.clock.advance(0.1)
                    return ended.value != nil
                }
                #expect(ended.value == 500)
                return rig.upstream.requests.count - before
            }
            #expect(try await ask("a") == 2)
            #expect(try await ask("a") == 1)
            #expect(try await ask("b") == 2)
            #expect(try await rig.metric("gw_model_client_repeats_total") == 1)
            // Two minutes later it is another question.
            rig.clock.advance(120)
            #expect(try await ask("a") == 2)
        }
    }

    @Test(arguments: [
        ("429 Slow", "Retry-After: 3\r\n", "0"), ("429 Slow", "", "0"), ("500 Oops", "", "1"), ("400 Bad", "", "0"),
    ])
    func otherFailuresAreTheClientsToRepeat(_ status: String, _ fields: String, _ count: String) async throws {
        try await GateRig.run(Self.retrying, upstream: Self.failingOnce(status, fields)) { rig async throws in
            let answer = try await rig.chat(fields: ["x-stainless-retry-count: \(count)"])
            #expect(answer.status == Int(status.prefix(3)))
            #expect(rig.upstream.requests.count == 1)
        }
    }

    @Test func aModelForThoughtTakesTheHardQuestions() async throws {
        try await GateRig.run({
            var model = GateRig.model("m", "main", upstream: "quick")
            model.reasoning = "deep"
            $0.models = [model]
        }) { rig async throws in
            _ = try await rig.chat()
            let hard = #"{"model":"m","reasoning_effort":"high","messages":[]}"#
            _ = try await rig.ask("POST", "/v1/chat/completions", token: rig.token(), body: hard)
            let names = rig.upstream.requests.map { $0.message.text.contains(#""model":"deep""#) }
            #expect(names == [false, true])
        }
    }
}
