import OstiaryCore
import OstiaryModels
import OstiaryServer
import Testing

@Suite struct ConfigurationVariablesTests {
    static let least = [
        "JWKS_URL": "https://idp.example/keys", "ISSUER": "https://idp.example", "TINFOIL_API_KEY": "canary",
    ]

    @Test func theEnvironmentAloneIsEnough() throws {
        let configuration = try Kit.read(nil, Self.least)
        #expect(configuration.identity.jwt.count == 1)
        #expect(configuration.identity.jwt[0].jwks == .url("https://idp.example/keys"))
        #expect(configuration.providers.map(\.name) == ["tinfoil"])
        #expect(configuration.providers[0].kind == .tinfoil)
        #expect(configuration.providers[0].key == .environment("TINFOIL_API_KEY"))
        #expect(configuration.providers[0].baseURL == "https://inference.tinfoil.sh/v1")
        #expect(configuration.models.map(\.provider) == ["tinfoil"])
    }

    @Test func readsEveryVariable() throws {
        let more = [
            "AUDIENCES": "a, b", "TINFOIL_BASE_URL": "http://10.0.0.7:3001/v1/", "RATE_LIMIT_RPM": "120",
            "RATE_LIMIT_BURST": "30", "IDENTITY_HASH_KEY": String(repeating: "0f", count: 32), "LOG_FORMAT": "json",
            "REQUIRED_SCOPES": "chat=x y", "JWT_LEEWAY": "60", "JWT_MAX_LIFETIME": "2h",
            "UPSTREAM_HEAD_TIMEOUT": "120", "SHUTDOWN_GRACE": "5",
            "MAX_BODY": "33554432", "OSTIARY_LISTEN_ADDRESS": "[::1]:9000", "OSTIARY_ADMIN_ADDRESS": "localhost:9001",
            "OSTIARY_WORKERS": "3", "OSTIARY_LOG_LEVEL": "warning", "SEALED_MODE": "off", "ENCLAVE_ALLOW": "",
        ]
        let configuration = try Kit.read(nil, Self.least.merging(more) { $1 })
        #expect(configuration.identity.jwt[0].audiences == ["a", "b"])
        #expect(configuration.identity.jwt[0].scopes == [.chat: ["x", "y"], .models: ["inference"]])
        #expect(configuration.identity.jwt[0].leeway == 60)
        #expect(configuration.identity.jwt[0].maxLifetime == 7_200)
        #expect(configuration.identity.hashKey == .environment("IDENTITY_HASH_KEY"))
        #expect(configuration.providers[0].baseURL == "http://10.0.0.7:3001/v1")
        #expect(configuration.providers[0].timeouts.head == 120)
        #expect(configuration.limits.requestsPerMinute == 120)
        #expect(configuration.limits.burst == 30)
        #expect(configuration.journal.log == .json)
        #expect(configuration.journal.level == .warning)
        #expect(configuration.shutdown.grace == 5)
        #expect(configuration.listen.limits.body == 32 << 20)
        #expect(configuration.listen.address == .init(host: "::1", port: 9000))
        #expect(configuration.listen.workers == 3)
        #expect(configuration.admin.address == .init(host: "127.0.0.1", port: 9001))
    }

    @Test func tellsAllFaultsTogetherByNameWithoutValues() {
        let said = Kit.faults(
            nil,
            [
                "JWKS_URL": "http://canary@idp.example", "AUDIENCES": "a,,b", "RATE_LIMIT_RPM": "-1",
                "RATE_LIMIT_BURST": "canary", "IDENTITY_HASH_KEY": "canary", "LOG_FORMAT": "canary",
                "JWT_LEEWAY": "301", "SEALED_MODE": "forward", "REQUIRED_SCOPES": "canary", "MAX_BODY": "1TiB",
            ]
        )
        for name in [
            "JWKS_URL", "AUDIENCES", "RATE_LIMIT_RPM", "RATE_LIMIT_BURST", "IDENTITY_HASH_KEY", "LOG_FORMAT",
            "JWT_LEEWAY", "SEALED_MODE", "REQUIRED_SCOPES", "MAX_BODY",
        ] {
            #expect(said.contains { $0.hasPrefix(name + " ") }, "\(name) in \(said)")
        }
        #expect(said.allSatisfy { !$0.contains("canary") })
        #expect(said.contains("no provider is configured"))
    }

    @Test func nothingSetTellsWhatIsNeeded() {
        #expect(
            Kit.faults(nil) == ["`identity.jwt` has no issuer: nobody could enter", "no provider is configured"]
        )
        #expect(Kit.faults(nil, ["TINFOIL_API_KEY": "k", "ISSUER": "i"]) == ["JWKS_URL is not set"])
        #expect(
            Kit.faults(nil, ["TINFOIL_API_KEY": "k", "JWKS_URL": "https://i.example/k"]) == [
                "neither ISSUER nor AUDIENCES is set"
            ]
        )
        #expect(
            Kit.faults(
                nil,
                ["TINFOIL_BASE_URL": "https://t.example", "JWKS_URL": "https://i.example/k", "ISSUER": "i"]
            )
                == ["TINFOIL_API_KEY is not set"]
        )
    }

    @Test func environmentOverridesTheFileAndFlagsOverrideBoth() throws {
        let yaml = Kit.least + "listen: {address: 127.0.0.1:1}\nlimits: {burst: 1}"
        let variables = ["OSTIARY_LISTEN_ADDRESS": "127.0.0.1:2", "RATE_LIMIT_BURST": "2", "ISSUER": "other"]
        let configuration = try Kit.read(yaml, variables, flags: ["listen": "127.0.0.1:3"])
        #expect(configuration.listen.address.port == 3)
        #expect(configuration.limits.burst == 2)
        #expect(configuration.identity.jwt[0].issuer == "other")
        #expect(try Kit.read(yaml, variables).listen.address.port == 2)
        #expect(try Kit.read(yaml, ["OSTIARY_LISTEN_ADDRESS": ""]).listen.address.port == 1)
    }

    @Test func theTinfoilVariablesLeaveOtherProvidersAlone() throws {
        let configuration = try Kit.read(Kit.least, ["TINFOIL_API_KEY": "k"])
        #expect(configuration.providers.map(\.name) == ["local"])
    }

    @Test func theKeysFileFormIsTakenAndBothFormsAreNot() throws {
        var variables = Self.least
        variables["TINFOIL_API_KEY"] = nil
        variables["TINFOIL_API_KEY_FILE"] = "/run/key"
        let configuration = try Kit.read(nil, variables, files: ["/run/key": "k"])
        #expect(configuration.providers[0].key == .file("/run/key"))
        #expect(Kit.faults(nil, variables) == ["TINFOIL_API_KEY_FILE names a file that does not exist"])
        variables["TINFOIL_API_KEY"] = "k"
        #expect(
            Kit.faults(nil, variables, files: ["/run/key": "k"]) == [
                "TINFOIL_API_KEY and TINFOIL_API_KEY_FILE are both set"
            ]
        )
    }

    @Test func aKeyWithALineBreakIsRefused() {
        var variables = Self.least
        variables["TINFOIL_API_KEY"] = "abc\r\n"
        #expect(
            Kit.faults(nil, variables) == ["TINFOIL_API_KEY has a line break or another control character in it"]
        )
    }

    @Test func noneAsksForNoScopes() throws {
        let configuration = try Kit.read(nil, Self.least.merging(["REQUIRED_SCOPES": "none"]) { $1 })
        #expect(configuration.identity.jwt[0].scopes == [.chat: [], .models: []])
    }
}
