import OstiaryCore
import OstiaryModels
import OstiaryTesting
import Testing

@testable import OstiaryServer

// credentials.md 3: what a custom host speaks is found out by its list of models.
@Suite struct ProbingTests {
    private struct Scripted: Requester {
        let answers: [String: OutboundAnswer]
        let asked: Observed<[OutboundRequest]>

        func send(_ request: OutboundRequest, limit: Int, seconds: Double) async throws(FetchFailure) -> OutboundAnswer
        {
            asked.change { $0.append(request) }
            guard let answer = answers[request.url] else { throw .timedOut }
            return answer
        }
    }

    private static let openAI = #"{"object":"list","data":[{"id":"m","object":"model"}]}"#
    private static let anthropic = #"{"data":[{"type":"model","id":"m"}],"has_more":false}"#

    private func provider(_ name: String, _ base: String, _ api: Configuration.Provider.API? = nil)
        -> Configuration.Provider
    {
        var provider = Configuration.Provider()
        provider.name = name
        provider.kind = .custom
        provider.baseURL = base
        provider.api = api
        provider.key = .environment("KEY")
        return provider
    }

    @Test(arguments: [
        (200, openAI, Configuration.Provider.API.openai), (200, anthropic, .anthropic),
        (200, #"{"data":[],"has_more":false}"#, .anthropic), (200, #"{"data":[]}"#, .openai),
        (401, #"{"type":"error","error":{"type":"authentication_error","message":"x"}}"#, .anthropic),
        (401, #"{"error":{"message":"no key","type":"invalid_request_error"}}"#, .openai),
        (404, #"{"detail":"Not Found"}"#, nil), (200, "<html>", nil), (200, "[]", nil),
    ])
    func `the shape of what comes back tells`(_ status: Int, _ body: String, _ api: Configuration.Provider.API?) {
        #expect(Probing.read(OutboundAnswer(status: status, body: Array(body.utf8))) == api)
    }

    @Test func `those who say nothing are asked once, without a key, and what they say stays`() async {
        let asked = Observed<[OutboundRequest]>([])
        let scripted = Scripted(
            answers: ["http://a/v1/models": OutboundAnswer(status: 200, body: Array(Self.anthropic.utf8))],
            asked: asked
        )
        let probing = Probing { _ in scripted }
        let configuration = Configuration(providers: [
            provider("a", "http://a/v1"), provider("told", "http://b/v1", .openai),
            provider("named", "http://c/anthropic"), provider("silent", "http://d/v1"),
        ])
        let (first, unknown) = await probing.settle(configuration)
        #expect(first.providers.map(\.spokenAPI) == [.anthropic, .openai, .anthropic, .openai])
        #expect(first.providers[0].traits.dialect == .messages)
        #expect(unknown == ["silent"])
        #expect(Set(asked.value.map(\.url)) == ["http://a/v1/models", "http://d/v1/models"])
        #expect(asked.value.allSatisfy { $0.fields.isEmpty })
        // A reload asks those alone that have not said it.
        var next = configuration
        next.providers[1].api = nil
        let (second, _) = await probing.settle(next, after: first)
        #expect(second.providers[0].spokenAPI == .anthropic)
        #expect(asked.value.dropFirst(2).map(\.url).sorted() == ["http://b/v1/models", "http://d/v1/models"])
        // Another address is another server.
        next.providers[0].baseURL = "http://e/v1"
        let (third, _) = await probing.settle(next, after: second)
        #expect(third.providers[0].spokenAPI == .openai)
    }

    @Test func `a gate asks at its start, and translates as the server wants it`() async throws {
        let answer =
            #"{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"text","#
            + #""text":"hi"}],"stop_reason":"end_turn","usage":{"input_tokens":5,"output_tokens":4}}"#
        let upstream = try RecordingUpstream { request in
            [.answer(request.message.target == "/v1/models" ? Self.anthropic : answer)]
        }
        try await GateRig.run(
            { configuration in
                for index in configuration.providers.indices where configuration.providers[index].name == "main" {
                    configuration.providers[index].kind = .custom
                }
            },
            upstream: upstream
        ) { rig async throws in
            let answer = try await rig.chat()
            #expect(answer.status == 200 && answer.text.contains(#""content":"hi""#))
            #expect(rig.upstream.requests.map(\.message.target) == ["/v1/models", "/v1/messages"])
            #expect(rig.upstream.requests.first?.message["authorization"] == nil)
            #expect(rig.upstream.requests.first?.message["x-api-key"] == nil)
        }
    }
}
