import OstiaryCore
import Testing

@Suite struct Base64URLTests {
    @Test(arguments: [
        ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
        ("foobar", "Zm9vYmFy"),
    ])
    func spellsTheExamplesOfRFC4648(plain: String, text: String) {
        #expect(Base64URL.encode(Array(plain.utf8)) == text)
        #expect(Base64URL.decode(text) == Array(plain.utf8))
    }

    @Test func usesTheAlphabetOfURLs() {
        #expect(Base64URL.encode([0xfb, 0xff, 0xfe]) == "-__-")
        #expect(Base64URL.decode("-__-") == [0xfb, 0xff, 0xfe])
    }

    @Test(arguments: [
        "Z", "Zm9vY", "Zg=", "Zg==", "Zm8=", "Zm9v=", "Zg\n", " Zg", "Z g", "+_8", "/w", "Zm9v+A", "Zh", "Zm9", "Zm8A=",
        "Z\u{ff}", "Zé", "Zg.", "Z\0", "=", "====",
    ])
    func refusesEveryOtherSpelling(text: String) {
        #expect(Base64URL.decode(text) == nil)
    }

    @Test func eachValueHasOneSpelling() {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        var spellings = 0
        for first in alphabet {
            for second in alphabet where Base64URL.decode([first, second].span) != nil { spellings += 1 }
        }
        #expect(spellings == 256)
    }

    @Test func everyLengthComesBack() {
        for length in 0..<100 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ length) }
            #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
        }
    }
}
