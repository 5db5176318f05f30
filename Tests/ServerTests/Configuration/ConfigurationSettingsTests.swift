import OstiaryCore
import OstiaryModels
import Testing

@testable import OstiaryServer

@Suite struct ConfigurationSettingsTests {
    private static let models = """
        models: {a: {provider: one}, "b*": {provider: two}}

        """
    private func read(_ rest: String) throws -> Configuration {
        try Kit.read(
            """
            identity: {jwt: [{issuer: "https://idp.example", jwks: "https://idp.example/keys"}]}
            \(rest)
            """
        )
    }

    private func base() throws -> Configuration {
        try read("providers: {one: {kind: echo}, two: {kind: echo}}\n" + Self.models)
    }

    @Test func everyKeyOfTheReferenceHasASetting() throws {
        let paths = try base().settings.map(\.path.text)
        for path in [
            "listen.address", "listen.workers", "listen.limits.body", "admin.socket", "identity.hash_key",
            "identity.jwt[0].issuer", "identity.jwt[0].scopes.chat", "providers.one.kind", "models.b*.provider",
            "limits.burst", "shutdown.grace", "journal.level",
        ] {
            #expect(paths.contains(path), "\(path)")
        }
        #expect(Set(paths).count == paths.count)
    }

    @Test func theDigestIsOfWhatIsSaidAndNotOfItsOrder() throws {
        let base = try base()
        #expect(base.digest.utf8.count == 12)
        #expect(try read(Self.models + "providers: {two: {kind: echo}, one: {kind: echo}}\n").digest == base.digest)
        var other = base
        other.limits.burst += 1
        #expect(other.digest != base.digest)
        other = base
        other.identity.hashKey = .environment("HASH")
        #expect(other.digest != base.digest)
        #expect(Configuration().digest == Configuration().digest)
    }

    @Test func tellsWhichKeysDiffer() throws {
        let base = try base()
        #expect(base.changes(from: base) == [])
        var next = base
        next.journal.level = .error
        next.limits.burst = 11
        next.identity.jwt[0].scopes[.chat] = []
        next.models[0].upstream = "x"
        #expect(
            next.changes(from: base) == [
                "identity.jwt[0].scopes.chat", "models.a.name", "limits.burst", "journal.level",
            ]
        )
        next = base
        next.models.removeLast()
        next.providers[1].name = "three"
        #expect(next.changes(from: base) == ["providers.three", "providers.two", "models.b*"])
    }
}
