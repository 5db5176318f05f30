import OstiaryCore
import Testing

@testable import OstiaryVault

@Suite struct MemoryStoreTests {
    @Test func keepsTheContractOfStores() throws {
        try keepsTheContract(of: MemoryStore())
    }

    @Test func holdsABoundedNumberOfKeys() throws {
        let store = MemoryStore()
        // Pages of their own for ten thousand keys would be more than the system lends; short ones are enough here.
        for index in 0..<MemoryStore.limit { try store.put("key-\(index)", "sk") }
        #expect(throws: StoreFault.self) { try store.put("one-more", "sk") }
        try store.put("key-7", "sk-new")
        #expect(try store.get("key-7") == "sk-new")
    }

    @Test func showsNoKeyInAMirror() throws {
        let store = MemoryStore()
        try store.put("openai", "sk-canary")
        var dumped = ""
        dump(store, to: &dumped)
        #expect(!dumped.contains("canary") && !dumped.contains("115"))
    }
}

@Suite struct StoredNameTests {
    @Test(arguments: [
        "", "-a", ".a", "a b", "a|b", "a\nb", "caf\u{e9}", "a\"b", "a\0b",
        String(repeating: "a", count: 129),
    ])
    func refusesNamesThatCouldMeanSomethingElse(_ text: String) throws {
        let found = try #require(fault { _ = try StoredName(text) })
        if text.count > 3 { #expect(!found.description.contains(text)) }
    }

    @Test(arguments: ["a", "0", "openai", "team-1/openai.eu:2@x_y", String(repeating: "a", count: 128)])
    func takesNamesOfProviders(_ text: String) throws {
        #expect(try StoredName(text).description == text)
    }
}
