import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryVault

@Suite struct OIDCSourceTests {
    private let label = "access token of client gate"

    private func fetch(
        _ requester: ScriptedRequester,
        _ proof: (SourceReference) -> OIDCSource.Proof = { .basic($0) }
    ) async throws -> Fetched {
        var source = OIDCSource(proof: proof(try SourceReference("env:SECRET")))
        source.url = "https://idp.example/token"
        source.client = "gate"
        source.scope = "a b"
        source.audience = "https://models.example"
        return await source.fetched(
            Surroundings(environment: ["SECRET": "p&ss w%rd"], requester: requester, engine: LendingEngine())
        )
    }

    private static let good = #"{"access_token":"at-1","token_type":"bearer","expires_in":300}"#

    @Test func showsItsSecretInTheFieldInTheBodyOrAsAnAssertion() async throws {
        let requester = ScriptedRequester(200, Self.good)
        let expected = Fetched.key("at-1", life: 300, expires: nil)
        #expect(try await fetch(requester) == expected)
        #expect(try await fetch(requester) { .post($0) } == expected)
        #expect(try await fetch(requester) { .assertion($0) } == expected)
        let common = "grant_type=client_credentials&scope=a%20b&audience=https%3A%2F%2Fmodels.example"
        let requests = requester.requests
        #expect(requests[0].text == common)
        // base64 of gate:p%26ss%20w%25rd
        #expect(requests[0].value("authorization") == "Basic Z2F0ZTpwJTI2c3MlMjB3JTI1cmQ=")
        #expect(requests[1].text == common + "&client_id=gate&client_secret=p%26ss%20w%25rd")
        #expect(requests[1].value("authorization") == nil)
        #expect(
            requests[2].text == common + "&client_id=gate"
                + "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
                + "&client_assertion=p%26ss%20w%25rd"
        )
    }

    @Test(
        arguments: [
            (401, #"{"error":"invalid_client","error_description":"canary"}"#, true),
            (400, #"{"error":"invalid_scope"}"#, true), (400, #"{"error":"unauthorized_client"}"#, true),
            (400, #"{"error":"invalid_grant"}"#, true), (400, #"{"error":"canary"}"#, false),
            (503, #"{"error":"temporarily_unavailable"}"#, false), (429, "{}", false), (200, "<html>canary", false),
            (200, #"{"access_token":"canary","token_type":"mac"}"#, true), (200, #"{"token_type":"Bearer"}"#, false),
        ] as [(Int, String, Bool)]
    )
    func knowsWhatAnAnswerMeans(_ status: Int, _ body: String, _ isLasting: Bool) async throws {
        guard case .fault(let fault) = try await fetch(ScriptedRequester(status, body)) else {
            Issue.record("a key")
            return
        }
        #expect(fault.isLasting == isLasting)
        #expect(!"\(fault)".contains("canary"))
    }
}
