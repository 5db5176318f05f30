import OstiaryCore
import OstiaryModels
import OstiaryServer
import Testing

@Suite struct ConfigurationReadingTests {
    @Test func readsTheLeastFileWithAllDefaults() throws {
        let configuration = try Kit.read(Kit.least)
        var expected = Configuration()
        var issuer = Configuration.TokenIssuer()
        issuer.issuer = "https://idp.example"
        issuer.jwks = .url("https://idp.example/keys")
        expected.identity.jwt = [issuer]
        var provider = Configuration.Provider()
        provider.name = "local"
        expected.providers = [provider]
        var model = Configuration.Model()
        model.name = "*"
        model.provider = "local"
        expected.models = [model]
        #expect(configuration == expected)
    }

    @Test func readsWhatTheBenchmarkWrites() throws {
        let configuration = try Kit.read(
            """
            listen: {address: "127.0.0.1:18080", workers: 1}
            admin: {address: "127.0.0.1:0"}
            identity:
              jwt:
                - issuer: "https://issuer.test"
                  jwks: "file:/run/jwks.json"
                  audiences: ["rig"]
                  scopes: {chat: "llm"}
            providers:
              rig: {kind: openai, base_url: "http://127.0.0.1:9000/v1", key: "env:GWBENCH_PROVIDER_KEY"}
            models:
              "*": {provider: rig}
            limits: {requests_per_minute: 100000000, burst: 100000000, concurrent: 100000}
            """,
            ["GWBENCH_PROVIDER_KEY": "k"],
            files: ["/run/jwks.json": "{}"]
        )
        #expect(configuration.listen.address == .init(host: "127.0.0.1", port: 18080))
        #expect(configuration.listen.workers == 1)
        #expect(configuration.admin.address.port == 0)
        #expect(configuration.identity.jwt[0].jwks == .file("/run/jwks.json"))
        #expect(configuration.identity.jwt[0].scopes == [.chat: ["llm"], .models: ["inference"]])
        #expect(configuration.providers[0].baseURL == "http://127.0.0.1:9000/v1")
        #expect(configuration.providers[0].key == .environment("GWBENCH_PROVIDER_KEY"))
        #expect(configuration.limits.burst == 100_000_000)
    }

    @Test func readsTheExample() throws {
        let configuration = try Kit.read(try Kit.text("examples/ostiary.yaml"), ["OPENAI_API_KEY": "k"])
        #expect(configuration.models.map(\.name) == ["gpt-small", "gpt-*", "echo"])
        #expect(configuration.providers[0].baseURL == "https://api.openai.com/v1")
        #expect(configuration.listen.limits.body == 16 << 20)
    }

    @Test func readsUnits() throws {
        let configuration = try Kit.read(
            Kit.least
                + """
                listen: {limits: {body: 1GiB, head: 16KiB, target: 4096, header_timeout: 1.5s, idle: 2m, body_idle: 20}}
                shutdown: {grace: 500ms}
                """
        )
        let limits = configuration.listen.limits
        #expect((limits.body, limits.head, limits.target) == (1 << 30, 16 << 10, 4096))
        #expect((limits.headerTimeout, limits.idle, limits.bodyIdle) == (1.5, 120, 20))
        #expect(configuration.shutdown.grace == 0.5)
    }

    @Test func emptyScopesAskForNoneAndALeftOutKindKeepsItsDefault() throws {
        func scopes(_ text: String) throws -> [Route.Kind: [String]] {
            let yaml =
                "identity: {jwt: [{issuer: i, jwks: \"https://i.example/k\"\(text)}]}\nproviders: {a: {kind: echo}}"
            return try Kit.read(yaml).identity.jwt[0].scopes
        }
        #expect(try scopes("") == [.chat: ["inference"], .models: ["inference"]])
        #expect(try scopes(", scopes: {}") == [.chat: [], .models: []])
        #expect(try scopes(", scopes: {models: \"\"}") == [.chat: ["inference"], .models: []])
        #expect(try scopes(", scopes: {chat: a b}") == [.chat: ["a", "b"], .models: ["inference"]])
    }

    @Test func relativePathsCountFromTheFilesFolder() throws {
        let configuration = try Kit.read(
            """
            admin: {socket: gate.sock}
            identity: {jwt: [{issuer: i, jwks: "file:keys.json"}]}
            providers: {a: {kind: openai, key: "file:/run/key"}}
            """,
            files: ["etc/keys.json": "{}", "/run/key": "k"],
            file: "etc/ostiary.yaml"
        )
        #expect(configuration.identity.jwt[0].jwks == .file("etc/keys.json"))
        #expect(configuration.providers[0].key == .file("/run/key"))
        #expect(configuration.admin.socket == "etc/gate.sock")
    }

    @Test func readsAliasesAndSectionsWithNothingInThem() throws {
        let configuration = try Kit.read(
            """
            limits:
            providers:
              a: {kind: echo, timeouts: &slow {connect: 10}}
              b: {kind: openai, key: env:KEY, timeouts: *slow}
            models: {"*": {provider: a}}
            identity: {jwt: [{issuer: i, jwks: "https://i.example/k"}]}
            """,
            ["KEY": "k"]
        )
        #expect(configuration.providers[1].timeouts.connect == 10)
        #expect(configuration.limits == Configuration.Limits())
    }

    @Test func aMissingFileAndAFolderAreToldApart() {
        let world = Kit.surroundings(files: ["etc/": ""])
        for (path, message) in [("nowhere.yaml", "there is no file `nowhere.yaml`"), ("etc", "`etc` is a folder")] {
            let faults = #expect(throws: Configuration.Faults.self) {
                try Configuration.load(file: path, surroundings: world)
            }
            #expect(faults?.all.map(\.message) == [message])
        }
    }

    @Test func developmentModeBringsItsOwnIssuerAndProvider() throws {
        let configuration = try Kit.read(nil, mode: .development)
        #expect(configuration.identity.jwt.isEmpty)
        #expect(configuration.providers.map(\.kind) == [.echo])
        #expect(configuration.models.map(\.name) == ["*"])
        #expect(
            Kit.faults(nil, ["JWKS_URL": "https://i.example/k"], mode: .development) == [
                "JWKS_URL cannot be used in development mode, which is its own issuer"
            ]
        )
        #expect(
            Kit.faults(nil, flags: ["listen": "0.0.0.0:8080"], mode: .development) == [
                "--listen is not loopback, which development mode refuses"
            ]
        )
    }
}
