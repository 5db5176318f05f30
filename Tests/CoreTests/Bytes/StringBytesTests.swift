import OstiaryCore
import Testing

@Suite struct StringBytesTests {
    @Test(arguments: ["", "a", "user-1", "é", "e\u{301}", "👩‍👩‍👧", String(repeating: "x", count: 1000)])
    func anotherCopyHasTheSameBytes(text: String) {
        #expect(text.hasSameBytes(as: String(decoding: Array(text.utf8), as: UTF8.self)))
    }

    // Swift's own comparison calls these equal.
    @Test(arguments: [("é", "e\u{301}"), ("Å", "\u{212b}"), ("user-ñ", "user-n\u{303}"), ("Ω", "\u{2126}")])
    func twoSpellingsOfOneCharacterAreNotTheSame(one: String, two: String) {
        #expect(one == two)
        #expect(!one.hasSameBytes(as: two))
        #expect(!two.hasSameBytes(as: one))
    }

    @Test(arguments: [("", "a"), ("a", "A"), ("a", "aa"), ("a", "a\0"), ("ab", "ba"), ("user-1", "user-2")])
    func otherBytesAreNotTheSame(one: String, two: String) {
        #expect(!one.hasSameBytes(as: two))
        #expect(!two.hasSameBytes(as: one))
    }

    @Test func aPieceOfAStringIsComparedAlone() {
        let text = "iss=user-1;sub=user-1"
        let pieces = text.split(separator: ";").map { String($0.dropFirst(4)) }
        #expect(pieces[0].hasSameBytes(as: pieces[1]))
    }
}
