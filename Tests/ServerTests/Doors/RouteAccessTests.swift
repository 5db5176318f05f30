import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryServer

// SEC-004, SEC-105, SEC-301
@Suite struct RouteAccessTests {
    /// Statuses without a token, with a bad one, with one that lacks the scope, with a good one.
    static let golden = """
        GET / 200 200 200 200
        HEAD / 200 200 200 200
        POST / 405 405 405 405
        PUT / 405 405 405 405
        DELETE / 405 405 405 405
        OPTIONS / 405 405 405 405
        BREW / 405 405 405 405
        GET /health 200 200 200 200
        HEAD /health 200 200 200 200
        POST /health 405 405 405 405
        PUT /health 405 405 405 405
        DELETE /health 405 405 405 405
        OPTIONS /health 405 405 405 405
        BREW /health 405 405 405 405
        GET /ready 200 200 200 200
        HEAD /ready 200 200 200 200
        POST /ready 405 405 405 405
        PUT /ready 405 405 405 405
        DELETE /ready 405 405 405 405
        OPTIONS /ready 405 405 405 405
        BREW /ready 405 405 405 405
        GET /v1/public_key 401 401 404 404
        HEAD /v1/public_key 401 401 404 404
        POST /v1/public_key 401 401 404 404
        PUT /v1/public_key 401 401 404 404
        DELETE /v1/public_key 401 401 404 404
        OPTIONS /v1/public_key 401 401 404 404
        BREW /v1/public_key 401 401 404 404
        GET /v1/oauth/token 401 401 404 404
        HEAD /v1/oauth/token 401 401 404 404
        POST /v1/oauth/token 401 401 404 404
        PUT /v1/oauth/token 401 401 404 404
        DELETE /v1/oauth/token 401 401 404 404
        OPTIONS /v1/oauth/token 401 401 404 404
        BREW /v1/oauth/token 401 401 404 404
        GET /v1/models 401 401 403 200
        HEAD /v1/models 401 401 403 200
        POST /v1/models 401 401 405 405
        PUT /v1/models 401 401 405 405
        DELETE /v1/models 401 401 405 405
        OPTIONS /v1/models 401 401 405 405
        BREW /v1/models 401 401 405 405
        GET /v1/models/m 401 401 403 200
        HEAD /v1/models/m 401 401 403 200
        POST /v1/models/m 401 401 405 405
        PUT /v1/models/m 401 401 405 405
        DELETE /v1/models/m 401 401 405 405
        OPTIONS /v1/models/m 401 401 405 405
        BREW /v1/models/m 401 401 405 405
        GET /v1/chat/completions 401 401 405 405
        HEAD /v1/chat/completions 401 401 405 405
        POST /v1/chat/completions 401 401 403 200
        PUT /v1/chat/completions 401 401 405 405
        DELETE /v1/chat/completions 401 401 405 405
        OPTIONS /v1/chat/completions 401 401 405 405
        BREW /v1/chat/completions 401 401 405 405
        GET /v1/completions 401 401 405 405
        HEAD /v1/completions 401 401 405 405
        POST /v1/completions 401 401 403 200
        PUT /v1/completions 401 401 405 405
        DELETE /v1/completions 401 401 405 405
        OPTIONS /v1/completions 401 401 405 405
        BREW /v1/completions 401 401 405 405
        GET /v1/embeddings 401 401 405 405
        HEAD /v1/embeddings 401 401 405 405
        POST /v1/embeddings 401 401 403 200
        PUT /v1/embeddings 401 401 405 405
        DELETE /v1/embeddings 401 401 405 405
        OPTIONS /v1/embeddings 401 401 405 405
        BREW /v1/embeddings 401 401 405 405
        GET /v1/responses 401 401 405 405
        HEAD /v1/responses 401 401 405 405
        POST /v1/responses 401 401 403 200
        PUT /v1/responses 401 401 405 405
        DELETE /v1/responses 401 401 405 405
        OPTIONS /v1/responses 401 401 405 405
        BREW /v1/responses 401 401 405 405
        GET /v1/messages 401 401 405 405
        HEAD /v1/messages 401 401 405 405
        POST /v1/messages 401 401 403 502
        PUT /v1/messages 401 401 405 405
        DELETE /v1/messages 401 401 405 405
        OPTIONS /v1/messages 401 401 405 405
        BREW /v1/messages 401 401 405 405
        GET /v1/messages/count_tokens 401 401 405 405
        HEAD /v1/messages/count_tokens 401 401 405 405
        POST /v1/messages/count_tokens 401 401 403 200
        PUT /v1/messages/count_tokens 401 401 405 405
        DELETE /v1/messages/count_tokens 401 401 405 405
        OPTIONS /v1/messages/count_tokens 401 401 405 405
        BREW /v1/messages/count_tokens 401 401 405 405
        GET /nowhere 401 401 404 404
        HEAD /nowhere 401 401 404 404
        POST /nowhere 401 401 404 404
        PUT /nowhere 401 401 404 404
        DELETE /nowhere 401 401 404 404
        OPTIONS /nowhere 401 401 404 404
        BREW /nowhere 401 401 404 404
        """

    @Test func everyRouteAnswersAsTheListSays() async throws {
        try await GateRig.run { rig async throws in
            let body = #"{"model":"m","input":"hello","prompt":"hello","messages":[{"role":"user","content":"hello"}]}"#
            let tokens: [String?] = [nil, "not.a.token", rig.token(scope: "other"), rig.token()]
            var lines: [String] = []
            for path in Routes.all.map(\.sample) + ["/nowhere"] {
                for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "BREW"] {
                    var statuses: [String] = []
                    for token in tokens {
                        let body = ["POST", "PUT"].contains(method) ? body : nil
                        statuses.append("\(try await rig.ask(method, path, token: token, body: body).status)")
                    }
                    lines.append("\(method) \(path) \(statuses.joined(separator: " "))")
                }
            }
            #expect(lines.joined(separator: "\n") == Self.golden)
            // Only what the last column lets through has reached the provider, whose answer is no completion: the gate lists
            // models and counts tokens by itself.
            #expect(rig.upstream.requests.count == 5)
            try await rig.expectBalanced()
        }
    }

    @Test(arguments: [
        "/health/", "/health;x=1", "/Health", "/health%20", "/healthz", "/health/../v1/models", "//health", "/./health",
        "/%2fhealth", "/health%2f", "/health%00",
    ])
    func noOtherSpellingOfAnOpenPathIsOpen(target: String) async throws {
        try await GateRig.run { rig async throws in
            let status = try await rig.ask("GET", target).status
            #expect(status == 400 || status == 401)
        }
    }

    @Test(arguments: [
        "X-Original-URL: /health", "X-Rewrite-URL: /health", "X-Forwarded-Uri: /health", "X-Forwarded-For: 127.0.0.1",
        "User-Agent: ELB-HealthChecker/2.0", "X-HTTP-Method-Override: GET", "X-Gate-User: admin",
    ])
    func noFieldOpensARoute(field: String) async throws {
        try await GateRig.run { rig async throws in
            #expect(try await rig.ask("GET", "/v1/models", fields: [field]).status == 401)
            #expect(try await rig.ask("GET", "/v1/models?/health", fields: [field]).status == 401)
        }
    }

    @Test func anOpenPathMayHaveAQuery() async throws {
        try await GateRig.run { rig async throws in
            #expect(try await rig.ask("GET", "/health?probe=1").status == 200)
            #expect(try await rig.ask("GET", "/he%61lth").status == 200)
        }
    }

    @Test func aWrongMethodNamesTheRightOnes() async throws {
        try await GateRig.run { rig async throws in
            #expect(try await rig.ask("DELETE", "/v1/chat/completions", token: rig.token())["allow"] == "POST")
            #expect(try await rig.ask("DELETE", "/v1/models", token: rig.token())["allow"] == "GET, HEAD")
            #expect(try await rig.ask("POST", "/health")["allow"] == "GET, HEAD")
        }
    }
}
