import Crypto
import OstiaryVault
import Testing

@testable import OstiaryServer

@Suite struct VariablesTests {
    @Test func keepsSecretsApartFromText() throws {
        let variables = Variables(["KEY": "sk-canary", "ISSUER": "https://idp.example", "HOME": "/"])
        #expect(variables.setAside(["KEY", "NOT_SET", "ISSUER"]) == ["KEY"])
        #expect(variables.plain == ["ISSUER": "https://idp.example", "HOME": "/"])
        #expect(variables.shown["KEY"]?.contains("canary") == false)
        #expect(variables.shown.keys.sorted() == ["HOME", "ISSUER", "KEY"])
        #expect(variables.kept.has("KEY"))
        #expect(!"\(variables)".contains("canary"))
        #expect(variables.setAside(["KEY"]) == [])
        let vault = try Vault(["k": try .init("env:KEY")], environment: variables.plain, kept: variables.kept)
        #expect(vault.has("k"))
    }

    @Test func aConfigurationThatNamesKeptVariablesIsReadAgain() throws {
        let variables = Variables([
            "KEY": "sk-canary", "IDENTITY_HASH_KEY": String(repeating: "a", count: 64), "TINFOIL_API_KEY": "tk-canary",
        ])
        let yaml = """
            identity: {jwt: [{issuer: "https://idp.example", jwks: "https://idp.example/keys"}]}
            providers: {local: {kind: openai, key: env:KEY}, tinfoil: {kind: tinfoil}}
            models: {"*": {provider: local}}

            """
        let first = try Kit.read(yaml, variables.shown)
        variables.setAside(first.secretVariables)
        #expect(variables.kept.names == ["IDENTITY_HASH_KEY", "KEY", "TINFOIL_API_KEY"])
        #expect(try Kit.read(yaml, variables.shown) == first)
        let key = try HashKey.read(.environment("IDENTITY_HASH_KEY"), environment: [:], kept: variables.kept)
        #expect(key.bitCount == 256)
        #expect(throws: HashKey.Fault.self) {
            try HashKey.read(.environment("KEY"), environment: [:], kept: variables.kept)
        }
    }
}
