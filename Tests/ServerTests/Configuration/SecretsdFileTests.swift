import Testing

@testable import OstiaryServer

/// `config.yaml` of the daemon before, in the gate's file's place.
@Suite struct SecretsdFileTests {
    private static let standard = "/home/u/.ct_secretsd/config.yaml"

    private func read(
        _ text: String,
        _ variables: [String: String] = [:],
        at path: String = standard,
        file: String? = nil,
        mode: Configuration.Mode = .serving
    ) throws(Configuration.Faults) -> Configuration {
        try Configuration.load(
            file: file,
            mode: mode,
            surroundings: Kit.surroundings(
                ["HOME": "/home/u"].merging(variables) { $1 },
                files: [path: text, "ostiary.yaml": Kit.least]
            )
        )
    }

    private func faults(_ text: String, _ variables: [String: String] = [:], file: String? = nil) -> [String] {
        do throws(Configuration.Faults) {
            _ = try read(text, variables, file: file)
            return []
        } catch {
            return error.all.map { "\($0)" + ($0.hint.map { " | \($0)" } ?? "") }
        }
    }

    @Test func `the file alone is enough for a credentials daemon without a public door`() throws {
        let configuration = try read(
            """
            host: 127.0.0.2
            port: 9123
            log_level: WARNING
            storage: {backend: file, file_path: ~/.ct_secretsd/encrypted.json}
            providers:
              openrouter: {name: OpenRouter, base_url: https://openrouter.ai/api/v1}
              acme: {base_url: https://models.acme.example/v1}
            """
        )
        #expect("\(configuration.admin.address)" == "127.0.0.2:9123")
        #expect(configuration.journal.level == .warning)
        #expect(configuration.listen.addresses.isEmpty)
        #expect(configuration.vault.backend == .file)
        #expect(configuration.vault.file == "/home/u/.ct_secretsd/encrypted.json")
        #expect(configuration.vault.keyFile == "/home/u/.ostiary/master.key" && configuration.vault.isMade)
        #expect(configuration.identity.keys == "/home/u/.ostiary/keys/keys.json" && configuration.identity.local)
        let known = KnownProvider.all(in: configuration)
        #expect(known.first { $0.id == "acme" }?.base == "https://models.acme.example/v1")
        #expect(known.count { $0.id == "openrouter" } == 1)
        #expect(configuration.daemon.inherited == Self.standard)
    }

    @Test func `what it leaves out is as it was there, and debugging says all`() throws {
        let configuration = try read("debug: true\n")
        #expect("\(configuration.admin.address)" == "127.0.0.1:8123")
        #expect(configuration.vault.backend == .auto)
        #expect(configuration.journal.level == .debug && configuration.journal.trace == Configuration.Trace.allCases)
    }

    @Test func `variables come after it, and bring a public door of their own`() throws {
        let configuration = try read(
            "port: 9123\n",
            ["CT_SECRETSD_PORT": "9124", "OSTIARY_LISTEN_ADDRESS": "127.0.0.1:9000", "TINFOIL_API_KEY": "tk"]
        )
        #expect(configuration.admin.address.port == 9124)
        #expect(configuration.listen.addresses.map(\.description) == ["127.0.0.1:9000"])
        #expect(configuration.providers.map(\.name) == ["tinfoil"])
    }

    @Test func `it may lie elsewhere, and is not read beside the gate's own`() throws {
        let named = try read("port: 9123\n", ["CT_SECRETSD_CONFIG": "/etc/ct.yaml"], at: "/etc/ct.yaml")
        #expect(named.admin.address.port == 9123)
        #expect(try read("port: 9123\n", file: "ostiary.yaml").admin.address.port == 8123)
        #expect(
            faults("", ["CT_SECRETSD_CONFIG": Self.standard], file: "ostiary.yaml").first?
                .hasPrefix("CT_SECRETSD_CONFIG names a second configuration beside --config") == true
        )
        #expect(faults("", ["CT_SECRETSD_CONFIG": "/gone.yaml"]).first?.contains("cannot be read") == true)
    }

    @Test func `keys that are not known are named with their place, and a token is not taken from it`() {
        #expect(
            faults("prot: 1\nstorage: {path: /x}\n") == [
                "\(Self.standard):1:1: unknown key `prot` | did you mean `port`?",
                "\(Self.standard):2:11: unknown key `storage.path` | known here: backend, file_path",
            ]
        )
        let token = faults("auth_token: canary-token\n")
        #expect(token.count == 1 && token[0].contains("is a secret") && !token[0].contains("canary"))
        #expect(faults("host: 0.0.0.0\n").contains { $0.contains("is not loopback") })
        #expect(faults("host: example.org\n").contains { $0.contains("must be an IP address") })
        #expect(faults("log_level: loud\n").count == 1)
        #expect(faults("providers: {acme: {base_url: \"http://acme.example\"}}\n").contains { $0.contains("https") })
    }

    @Test func `commands find the door, the store and the keys of such a daemon`() {
        let surroundings = Kit.surroundings(
            ["HOME": "/home/u"],
            files: [Self.standard: "port: 9123\nstorage: {backend: file}\n"]
        )
        #expect("\(Configuration.adminDoor(of: nil, surroundings: surroundings))".contains("9123"))
        #expect(
            Configuration.vault(of: nil, surroundings: surroundings).file == "/home/u/.ct_secretsd/encrypted.json"
        )
        #expect(Configuration.keysFile(of: nil, surroundings: surroundings) == "/home/u/.ostiary/keys/keys.json")
    }
}
