import Testing

@testable import OstiaryModels

struct ProviderTests {
    @Test func everyKindIsListedOnce() {
        #expect(ProviderCatalogue.all.map(\.kind) == ProviderKind.allCases)
        for kind in ProviderKind.allCases { #expect(ProviderCatalogue.traits(of: kind).kind == kind) }
    }

    @Test(arguments: ProviderCatalogue.all.compactMap(\.base))
    func addressesAreEncryptedAndEndWithoutSlash(_ base: String) {
        #expect(base.hasPrefix("https://") && !base.hasSuffix("/"))
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
            #expect(!policy.passes(name.utf8), "\(name)")
        }
    }

    @Test func passesTheBodysFields() {
        for name in ["Content-Type", "content-type", "ACCEPT"] {
            #expect(ProviderTraits.openAI.requestFields.passes(name.utf8))
            #expect(ProviderTraits.tinfoil.requestFields.passes(name.utf8))
        }
    }

    @Test(arguments: [
        ("Content-Type", ResponseFieldPolicy.Action.pass), ("content-encoding", .pass), ("Retry-After", .pass),
        ("retry-after-ms", .pass), ("X-Should-Retry", .pass), ("OpenAI-Processing-Ms", .pass),
        ("openai-version", .pass), ("Cache-Control", .pass), ("x-ratelimit-limit-tokens", .pass),
        ("X-RateLimit-Reset-Tokens", .pass), ("x-request-id", .rename("x-upstream-request-id")),
        ("X-RateLimit-Limit-Requests", .drop), ("x-ratelimit-remaining-requests", .drop),
        ("x-ratelimit-reset-requests", .drop), ("x-ratelimit-", .drop), ("Set-Cookie", .drop), ("Server", .drop),
        ("Via", .drop), ("Alt-Svc", .drop), ("Strict-Transport-Security", .drop), ("OpenAI-Organization", .drop),
        ("openai-project", .drop), ("X-Tinfoil-Usage-Metrics", .drop), ("Content-Length", .drop),
        ("Transfer-Encoding", .drop), ("Connection", .drop), ("Ehbp-Response-Nonce", .drop),
        ("X-Protocol-Version", .drop),
    ])
    func passesOnlyListedFieldsToTheClient(_ name: String, _ action: ResponseFieldPolicy.Action) {
        #expect(ResponseFieldPolicy.openAI.action(name.utf8) == action)
    }

    @Test func asksTinfoilForUsage() {
        let traits = ProviderTraits.tinfoil
        #expect(traits.fixedFields.map(\.name) == ["X-Tinfoil-Request-Usage-Metrics"])
        #expect(traits.fixedFields.map(\.value) == ["true"])
        #expect(traits.usageField.map { traits.responseFields.action($0.utf8) } == .drop)
    }
}
