import OstiaryCore
import Testing

@testable import OstiaryServer

struct ExplanationTests {
    private static let yaml = """
        identity: {jwt: [{issuer: "https://idp.example", jwks: "https://idp.example/keys", audiences: [api]}]}
        providers:
          claude: {kind: anthropic, key: "env:KEY"}
          spare: {kind: openai, key: "env:KEY", retries: 1}
        models:
          smart: {provider: claude, name: claude-x, others: [{provider: spare, name: gpt-x}], reasoning_model: deep}
          "gpt-*": {provider: spare}
        """

    private func explain(
        _ method: OstiaryCore.Method,
        _ path: String,
        model: String? = nil,
        scopes: [String] = ["inference"]
    ) throws -> Explanation {
        let configuration = try Kit.read(Self.yaml, ["KEY": "sk-1"])
        let question = Explanation.Question(method: method, path: path, user: "alice", scopes: scopes, model: model)
        return try Explanation(question, in: configuration)
    }

    @Test func itSaysWhereACallGoes() throws {
        let explanation = try explain(.post, "/v1/messages?beta=true", model: "smart")
        #expect(explanation.isAllowed)
        let text = explanation.lines.map { "\($0.subject): \($0.words)" }
        #expect(text.contains("model: smart is decided by `models.smart`"))
        #expect(text.contains("choice: by order, the others follow"))
        #expect(text.contains("provider 1: claude (anthropic) as claude-x: bytes pass; key from env:KEY"))
        #expect(
            text.contains(
                "provider 2: spare (openai) as gpt-x: translated to chat, what is lost is named; key from env:KEY; "
                    + "1 repetitions"
            )
        )
    }

    @Test(arguments: [
        ("/nowhere", "404 not_found"), ("/v1/chat/completions?x", "405 method_not_allowed"),
    ])
    func itSaysWhyNot(_ path: String, _ refusal: String) throws {
        let explanation = try explain(.get, path, model: "smart")
        #expect(!explanation.isAllowed)
        #expect(explanation.lines.last?.words.hasPrefix(refusal) == true)
    }

    @Test func itKnowsTheScopesAndTheModels() throws {
        #expect(try explain(.post, "/v1/messages", model: "smart", scopes: ["other"]).isAllowed == false)
        let unknown = try explain(.post, "/v1/messages", model: "nobody")
        #expect(unknown.lines.last?.words.hasPrefix("404 model_not_found") == true)
        let embeddings = try explain(.post, "/v1/embeddings", model: "gpt-1")
        #expect(embeddings.isAllowed)
        #expect(try explain(.get, "/health").isAllowed)
    }
}
