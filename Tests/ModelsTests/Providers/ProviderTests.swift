import OstiaryWire
import Testing

@testable import OstiaryModels

/// The known name for this spelling, as the gate reads it off the wire; `.other` for every other.
private func known(_ spelling: String) -> FieldName {
    FieldName.allCases.first { "\($0.text)" == spelling.lowercased() && $0 != .other } ?? .other
}

struct ProviderTests {
    @Test func everyKindIsListedOnce() {
        #expect(ProviderCatalogue.all.map(\.kind) == ProviderKind.allCases)
        for kind in ProviderKind.allCases { #expect(ProviderCatalogue.traits(of: kind).kind == kind) }
    }

    @Test(arguments: ProviderCatalogue.all.compactMap(\.base))
    func addressesAreEncryptedAndEndWithoutSlash(_ base: String) {
        // On this machine nobody listens in.
        #expect((base.hasPrefix("https://") || base.hasPrefix("http://127.0.0.1:")) && !base.hasSuffix("/"))
    }

    @Test(arguments: ProviderCatalogue.all.map(\.kind))
    func passesNoCredentialAndNoRoutingFieldOfTheClient(_ kind: ProviderKind) {
        let policy = ProviderCatalogue.traits(of: kind).requestFields
        for name in [
            "Authorization", "Proxy-Authorization", "Cookie", "X-Api-Key", "Host", "Connection", "Transfer-Encoding",
            "Content-Length", "TE", "Upgrade", "Via", "Forwarded", "X-Forwarded-For", "X-Forwarded-Host",
            "Accept-Encoding", "X-Request-Id", "X-Protocol-Version", "X-Tinfoil-Enclave-Url",
            "X-Tinfoil-Request-Usage-Metrics", "OpenAI-Organization", "OpenAI-Project", "OpenAI-Beta",
            "Idempotency-Key", "X-Portkey-Custom-Host", "User-Agent", "X-Stainless-Lang", "",
        ] {
            #expect(!policy.names.contains(known(name)), "\(name)")
        }
    }

    @Test func passesTheBodysFields() {
        for name in ["Content-Type", "content-type", "ACCEPT"] {
            #expect(ProviderCatalogue.traits(of: .openai).requestFields.names.contains(known(name)))
            #expect(ProviderCatalogue.traits(of: .tinfoil).requestFields.names.contains(known(name)))
        }
    }

    @Test(arguments: [
        "Content-Type", "content-encoding", "Retry-After", "retry-after-ms", "X-Should-Retry", "OpenAI-Processing-Ms",
        "openai-version", "Cache-Control", "x-ratelimit-limit-tokens", "X-RateLimit-Reset-Tokens",
    ])
    func passesListedFieldsToTheClient(_ name: String) {
        #expect(ResponseFieldPolicy.openAI.nameForClient(known(name)).map { "\($0)" } == name.lowercased())
    }

    @Test func passesTheProvidersRequestIDUnderAnotherName() {
        #expect(ResponseFieldPolicy.openAI.nameForClient(.requestID).map { "\($0)" } == "x-upstream-request-id")
    }

    @Test(arguments: [
        "X-RateLimit-Limit-Requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests", "x-ratelimit-",
        "Set-Cookie", "Server", "Via", "Alt-Svc", "Strict-Transport-Security", "OpenAI-Organization", "openai-project",
        "X-Tinfoil-Usage-Metrics", "Content-Length", "Transfer-Encoding", "Connection", "Ehbp-Response-Nonce",
        "X-Protocol-Version",
    ])
    func passesNoOtherFieldToTheClient(_ name: String) {
        #expect(ResponseFieldPolicy.openAI.nameForClient(known(name)) == nil)
    }

    @Test func asksTinfoilForUsage() {
        let traits = ProviderCatalogue.traits(of: .tinfoil)
        #expect(traits.fixedFields.map(\.name) == ["X-Tinfoil-Request-Usage-Metrics"])
        #expect(traits.fixedFields.map(\.value) == ["true"])
        #expect(traits.usageField == .usageMetrics)
        #expect(traits.responseFields.nameForClient(.usageMetrics) == nil)
    }
}
