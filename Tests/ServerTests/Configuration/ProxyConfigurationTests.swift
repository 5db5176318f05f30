import OstiaryCore
import OstiaryModels
import Testing

@testable import OstiaryServer

/// A configuration that becomes a proxy's, by the variables that other proxies have.
@Suite struct ProxyConfigurationTests {
    private func base() -> Configuration {
        var provider = Configuration.Provider()
        provider.name = "local"
        provider.kind = .openai
        provider.baseURL = "http://127.0.0.1:9/v1"
        provider.key = .environment("GONE")
        var configuration = Configuration(providers: [provider])
        configuration.listen.address = .init(host: "0.0.0.0", port: 80)
        configuration.listen.hosts = ["gate.example"]
        configuration.admin.socket = "/run/admin.sock"
        configuration.identity.keys = "/keys.json"
        configuration.limits.requestsPerMinute = 7
        return configuration
    }

    @Test func `callers and limits stay, the doors and the providers are the proxy's`() throws {
        let proxy = try base().asProxy([
            "PORT": "3456", "ANTHROPIC_PROXY_PROVIDER": "local", "API_KEY_FILE": "/dev/shm/key",
        ])
        #expect(proxy.identity == base().identity && proxy.limits == base().limits)
        #expect("\(proxy.listen.address)" == "127.0.0.1:3456" && proxy.listen.hosts.isEmpty)
        #expect(proxy.admin.socket == nil && proxy.admin.address.port == 0)
        #expect(proxy.providers.map(\.name) == ["local"] && proxy.providers[0].baseURL == "http://127.0.0.1:9/v1")
        #expect(proxy.providers[0].key == .file("/dev/shm/key"))
        #expect(proxy.models.map(\.name) == ["*"])
    }

    @Test(arguments: [
        ("https://openrouter.ai/api/v1", "openrouter", "OPENROUTER_API_KEY"),
        ("https://api.openai.com/v1", "openai", "OPENAI_API_KEY"),
        ("https://api.together.xyz/v1/", "together", "TOGETHER_API_KEY"),
        ("https://api.z.ai/api", "glm", "ZAI_API_KEY"),
        ("https://api.x.ai/v1", "grok", "XAI_API_KEY"), ("https://evil-openrouter.ai.example/v1", "custom", "API_KEY"),
    ])
    func `a provider and its variable are known by the host`(_ url: String, _ name: String, _ variable: String) throws {
        let proxy = try base().asProxy(["ANTHROPIC_PROXY_BASE_URL": url, variable: "k", "PORT": "1"])
        #expect(proxy.providers.map(\.name) == [name])
        #expect(proxy.providers[0].key == .environment(variable))
        #expect(proxy.providers[0].baseURL?.hasSuffix("/") == false)
    }

    @Test func `the names of Claude stand for the two models, the large ones for the reasoning one`() {
        func names(_ completion: String?, _ reasoning: String?) -> [String] {
            Configuration.proxyModels(of: "p", completion: completion, reasoning: reasoning)
                .map { "\($0.name)=\($0.upstream ?? "")\($0.reasoning.map { " thinking \($0)" } ?? "")" }
        }
        #expect(
            names("c", "r") == ["c=c", "r=r", "claude-opus-*=r", "claude-3-opus-*=r", "claude-*=c thinking r", "*="]
        )
        #expect(names("c", nil) == ["c=c", "claude-opus-*=c", "claude-3-opus-*=c", "claude-*=c", "*="])
        #expect(names(nil, nil) == ["*="])
    }

    @Test func `without a key, with a wrong port or address, it says so`() {
        for variables in [
            ["ANTHROPIC_PROXY_BASE_URL": "https://api.openai.com/v1"], ["PORT": "70000", "OPENROUTER_API_KEY": "k"],
            ["ANTHROPIC_PROXY_BASE_URL": "ftp://x", "API_KEY": "k"],
        ] {
            #expect(throws: Configuration.Faults.self) { try base().asProxy(variables) }
        }
    }
}
