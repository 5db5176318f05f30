import OstiaryCore
import Testing

@testable import OstiaryModels

struct ModelTableTests {
    private func table(_ entries: [ModelTable.Entry]) throws -> ModelTable {
        try ModelTable(entries, providers: ["openai", "claude", "local"])
    }

    private func example() throws -> ModelTable {
        try table([
            .init(key: "*", provider: "local"),
            .init(key: "claude-*", provider: "claude"),
            .init(key: "gpt-small", provider: "openai", upstreamName: "gpt-4o-mini"),
            .init(key: "claude-opus-*", provider: "openai", upstreamName: "opus"),
            .init(key: "my/*", provider: "openai", upstreamName: "their/*"),
            .init(key: "claude-haiku", provider: "local"),
        ])
    }

    @Test(arguments: [
        ("gpt-small", ModelChoice(provider: "openai", upstreamName: "gpt-4o-mini", entry: "gpt-small")),
        ("claude-haiku", ModelChoice(provider: "local", upstreamName: "claude-haiku", entry: "claude-haiku")),
        ("claude-sonnet", ModelChoice(provider: "claude", upstreamName: "claude-sonnet", entry: "claude-*")),
        ("claude-", ModelChoice(provider: "claude", upstreamName: "claude-", entry: "claude-*")),
        ("claude-opus-4", ModelChoice(provider: "openai", upstreamName: "opus", entry: "claude-opus-*")),
        ("my/x/y", ModelChoice(provider: "openai", upstreamName: "their/x/y", entry: "my/*")),
        ("GPT-small", ModelChoice(provider: "local", upstreamName: "GPT-small", entry: "*")),
        ("*", ModelChoice(provider: "local", upstreamName: "*", entry: "*")),
    ])
    func namesWinOverPatternsAndLongPatternsOverShort(_ model: String, _ choice: ModelChoice) throws {
        #expect(try example().choose(model) == choice)
    }

    @Test func knowsOnlyWhatIsConfigured() throws {
        let table = try table([.init(key: "a", provider: "local"), .init(key: "b-*", provider: "local")])
        for model in ["", "A", "aa", "b", "a\u{301}"] where !model.isEmpty {
            let error = try #require(throws: GateError.self) { try table.choose(model) }
            #expect(error.code == .modelNotFound)
        }
    }

    @Test func comparesNamesByBytes() throws {
        let table = try table([
            .init(key: "caf\u{e9}", provider: "local"), .init(key: "cafe\u{301}", provider: "claude"),
        ])
        #expect(try table.choose("caf\u{e9}").provider == "local")
        #expect(try table.choose("cafe\u{301}").provider == "claude")
    }

    @Test(arguments: ["", "a\nb", "a\u{7f}", "a\u{9b}", String(repeating: "m", count: 257)])
    func refusesWhatIsNoName(_ model: String) throws {
        let table = try example()
        let error = try #require(throws: GateError.self) { try table.choose(model) }
        #expect(error.code == .invalidRequest)
    }

    @Test func refusesANameThatGrowsTooLong() throws {
        let table = try table([
            .init(key: "a*", provider: "local", upstreamName: "\(String(repeating: "b", count: 255))*")
        ])
        #expect(try table.choose("ac").upstreamName.utf8.count == 256)
        #expect(throws: GateError.self) { try table.choose("acc") }
    }

    @Test func listsNamesInOrderAndNoPatterns() throws {
        #expect(try example().names.map(\.key) == ["gpt-small", "claude-haiku"])
    }

    @Test func reportsEveryFault() throws {
        let entries: [ModelTable.Entry] = [
            .init(key: "", provider: "local"),
            .init(key: "a*b", provider: "nowhere"),
            .init(key: "**", provider: "local"),
            .init(key: "c", provider: "local", upstreamName: "x*"),
            .init(key: "c", provider: "local", upstreamName: ""),
            .init(key: "d*", provider: "local", upstreamName: "x*y"),
            .init(key: "e*", provider: "local", upstreamName: "x*"),
        ]
        let faults = try #require(throws: ModelTableFaults.self) { try table(entries) }.faults
        #expect(faults.map(\.position) == [0, 1, 1, 2, 3, 4, 4, 5])
        #expect(
            faults.map(\.reason) == [
                .key("is empty"), .starInside, .unknownProvider("nowhere"), .starInside, .starUpstream, .duplicate,
                .upstreamName("is empty"), .starUpstream,
            ]
        )
        #expect(faults[1].description == "models.a*b: * may only stand at the end")
    }
}
