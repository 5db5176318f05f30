import OstiaryModels
import Testing

@testable import OstiaryServer

/// The names by which Claude Code's authentication manager knows a key.
@Suite struct ClaudeVariablesTests {
    private static let least = """
        identity: {jwt: [{issuer: "https://idp.example", jwks: "https://idp.example/keys"}]}

        """
    private static let file = "/home/u/.claude/api_key"

    private func key(_ provider: String, _ variables: [String: String], _ files: [String: String] = [:]) throws
        -> Configuration.KeyPlace?
    {
        try Kit.read(
            Self.least + "providers: {claude: {kind: anthropic\(provider)}}\n",
            ["HOME": "/home/u"].merging(variables) { $1 },
            files: files
        ).providers.first?.place
    }

    @Test func `a provider that names no key has Claude's, then Anthropic's, then the file's`() throws {
        let both = ["CLAUDE_API_KEY": "a", "ANTHROPIC_API_KEY": "b"]
        #expect(try key("", both, [Self.file: "c"])?.from == .environment("CLAUDE_API_KEY"))
        #expect(try key("", ["ANTHROPIC_API_KEY": "b"], [Self.file: "c"])?.from == .environment("ANTHROPIC_API_KEY"))
        #expect(try key("", [:], [Self.file: "c"])?.from == .file(Self.file))
        #expect(throws: Configuration.Faults.self) { try key("", [:]) }
        #expect(try key(", key: env:OWN", both.merging(["OWN": "x"]) { $1 })?.from == .environment("OWN"))
    }

    @Test func `a key for Anthropic goes nowhere else`() throws {
        let elsewhere = ", base_url: \"https://other.example/v1\""
        #expect(throws: Configuration.Faults.self) { try key(elsewhere, ["CLAUDE_API_KEY": "a"], [Self.file: "c"]) }
        let there = ", base_url: \"https://api.anthropic.com/v1\""
        #expect(try key(there, ["CLAUDE_API_KEY": "a"])?.from == .environment("CLAUDE_API_KEY"))
        #expect(throws: Configuration.Faults.self) {
            try key(", base_url: \"https://api.anthropic.com.evil.example/v1\"", ["CLAUDE_API_KEY": "a"])
        }
    }

    @Test func `the variable alone makes the provider, and is a secret from then on`() throws {
        let configuration = try Kit.read(Self.least, ["CLAUDE_API_KEY": "a"])
        #expect(configuration.providers.map(\.name) == ["anthropic"])
        #expect(configuration.providers[0].kind == .anthropic)
        #expect(configuration.providers[0].baseURL == "https://api.anthropic.com/v1")
        #expect(configuration.models.map(\.provider) == ["anthropic"])
        #expect(configuration.secretVariables.contains("CLAUDE_API_KEY"))
    }

    @Test func `the interval is when the key is read again, where nothing else says so`() throws {
        let interval = ["CLAUDE_AUTH_REFRESH_INTERVAL": "240"]
        let place = try key("", interval, [Self.file: "c"])
        #expect(place?.ttl.map { $0 * 0.8 } == 240)
        #expect(place?.from == .file(Self.file))
        let own = try key(", key: {from: \"file:\(Self.file)\", ttl: 60}", interval, [Self.file: "c"])
        #expect(own?.ttl == 60)
        #expect(try key("", interval.merging(["CLAUDE_API_KEY": "a"]) { $1 })?.ttl == nil)
        #expect(throws: Configuration.Faults.self) {
            try key("", ["CLAUDE_AUTH_REFRESH_INTERVAL": "often"], [Self.file: "c"])
        }
    }
}
