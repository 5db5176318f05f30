import OstiaryCore
import Testing

@Suite struct ScopesTests {
    @Test func areDividedBySpacesAndNothingElse() {
        #expect(Scopes(spaceSeparated: "a bc  d ").names == ["a", "bc", "d"])
        #expect(Scopes(spaceSeparated: "").isEmpty)
        #expect(Scopes(spaceSeparated: "a\tb\u{a0}c").names == ["a\tb\u{a0}c"])
        // As characters the space and the accent would be one.
        #expect(Scopes(spaceSeparated: "a \u{301}b").names.map { Array($0.utf8) } == [[0x61], [0xcc, 0x81, 0x62]])
    }

    @Test func areComparedByBytes() {
        let scopes = Scopes(["caf\u{e9}", "b"])
        #expect(scopes.contains("caf\u{e9}"))
        #expect(!scopes.contains("cafe\u{301}"))
        #expect(scopes.containsAll(of: Scopes(["b"])))
        #expect(!scopes.containsAll(of: Scopes(["b", "c"])))
        #expect(scopes.containsAll(of: Scopes([])))
    }
}
