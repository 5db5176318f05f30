import Crypto
import OstiaryCore
import Testing

@testable import OstiaryIdentity

@Suite struct VerifiedTokensTests {
    let zero = MonotonicTime(nanoseconds: 0)

    func token(_ subject: String, until: Double = 1000, from: Double = 0, keysUntil: Double = 10_000) -> VerifiedToken {
        let identity = Identity(
            issuer: "i",
            subject: subject,
            means: .bearer(algorithm: "ES256"),
            expires: UnixTime(seconds: until),
            scopes: Scopes([]),
            pseudonym: Pseudonym(high: 1, low: 2),
            claims: .null
        )
        return VerifiedToken(
            identity: identity,
            window: Claims.Window(from: from, until: until),
            keysUntil: zero.advanced(bySeconds: keysUntil),
            generation: 1
        )
    }

    func read(_ tokens: VerifiedTokens, _ key: String, now: Double = 1, at: Double = 1, generation: UInt64 = 1)
        -> String?
    {
        tokens.identity(
            for: TokenDigest(of: Array(key.utf8)),
            now: UnixTime(seconds: now),
            at: zero.advanced(bySeconds: at),
            generation: generation
        )?.subject
    }

    func remember(_ tokens: VerifiedTokens, _ key: String, _ token: VerifiedToken) {
        tokens.remember(TokenDigest(of: Array(key.utf8)), token, at: zero)
    }

    // SEC-203
    @Test func remembersByTheWholeToken() {
        let tokens = VerifiedTokens(capacity: 16, figures: VerifiedTokenFigures())
        let shared = String(repeating: "x", count: 200)
        remember(tokens, shared + "a", token("one"))
        #expect(read(tokens, shared + "a") == "one")
        #expect(read(tokens, shared + "b") == nil)
        #expect(read(tokens, shared) == nil)
        remember(tokens, shared + "a", token("two"))
        #expect(read(tokens, shared + "a") == "two")
        #expect(tokens.count == 1)
    }

    @Test func theDigestIsSHA256() {
        let digest = TokenDigest(of: Array("abc".utf8))
        let words = [digest.first, digest.second, digest.third, digest.fourth]
        let bytes = words.flatMap { word in withUnsafeBytes(of: word) { Array($0) } }
        #expect(bytes == Array(SHA256.hash(data: Array("abc".utf8))))
    }

    // SEC-203
    @Test func everyWordOfTheDigestIsCompared() {
        let digest = TokenDigest(first: 8, second: 2, third: 3, fourth: 4)
        let others = [
            TokenDigest(first: 16, second: 2, third: 3, fourth: 4),
            TokenDigest(first: 8, second: 0, third: 3, fourth: 4),
            TokenDigest(first: 8, second: 2, third: 0, fourth: 4),
            TokenDigest(first: 8, second: 2, third: 3, fourth: 0),
        ]
        let tokens = VerifiedTokens(capacity: 8, figures: VerifiedTokenFigures())
        tokens.remember(digest, token("one"), at: zero)
        func finds(_ digest: TokenDigest) -> Bool {
            tokens.identity(for: digest, now: UnixTime(seconds: 1), at: zero, generation: 1) != nil
        }
        #expect(finds(digest))
        for other in others { #expect(!finds(other)) }
        let empty = VerifiedTokens(capacity: 8, figures: VerifiedTokenFigures())
        let nothing = TokenDigest(first: 0, second: 0, third: 0, fourth: 0)
        #expect(empty.identity(for: nothing, now: UnixTime(seconds: 1), at: zero, generation: 0) == nil)
    }

    // SEC-203
    @Test func endsWithTheTokenTheFiveMinutesTheKeysAndTheGeneration() {
        let figures = VerifiedTokenFigures()
        let tokens = VerifiedTokens(capacity: 16, figures: figures)
        remember(tokens, "a", token("a", until: 100))
        #expect(read(tokens, "a", now: 99.999) == "a")
        #expect(read(tokens, "a", now: 100) == nil)
        remember(tokens, "b", token("b"))
        #expect(read(tokens, "b", at: 299.999) == "b")
        #expect(read(tokens, "b", at: 300) == nil)
        remember(tokens, "c", token("c", keysUntil: 10))
        #expect(read(tokens, "c", at: 9.999) == "c")
        #expect(read(tokens, "c", at: 10) == nil)
        remember(tokens, "d", token("d"))
        #expect(read(tokens, "d", generation: 2) == nil)
        #expect(read(tokens, "d", generation: 1) == nil)
        #expect(tokens.count == 0)
        #expect(figures.fill.current == 0)
    }

    @Test func aWallClockSetBackDoesNotForgetAToken() {
        let tokens = VerifiedTokens(capacity: 16, figures: VerifiedTokenFigures())
        remember(tokens, "a", token("a", from: 50))
        #expect(read(tokens, "a", now: 49) == nil)
        #expect(read(tokens, "a", now: 50) == "a")
        // Back by a day: the five minutes still end.
        #expect(read(tokens, "a", now: 51, at: 301) == nil)
    }

    @Test func aFullSetForgetsWhatWasNotUsedForLongest() {
        let figures = VerifiedTokenFigures()
        let tokens = VerifiedTokens(capacity: 8, figures: figures)
        for number in 0..<8 { remember(tokens, "\(number)", token("\(number)")) }
        #expect(read(tokens, "0") == "0")
        remember(tokens, "8", token("8"))
        #expect(read(tokens, "1") == nil)
        #expect(read(tokens, "0") == "0")
        #expect(read(tokens, "8") == "8")
        #expect(tokens.count == 8)
        #expect(figures.evictions.current == 1)
        #expect(figures.hits.current == 3)
        #expect(figures.misses.current == 1)
    }

    // SEC-203, SEC-701
    @Test func manyTokensStayWithinTheBound() {
        let figures = VerifiedTokenFigures()
        do {
            let tokens = VerifiedTokens(capacity: 1000, figures: figures)
            for number in 0..<20_000 { remember(tokens, "\(number)", token("x")) }
            #expect(tokens.count <= 1024)
            #expect(figures.fill.current == Int64(tokens.count))
            #expect(figures.capacity.current == 1024)
        }
        #expect(figures.fill.current == 0)
        #expect(figures.capacity.current == 0)
    }

    @Test func theUsualNumberOfTokensFits() {
        let tokens = VerifiedTokens(figures: VerifiedTokenFigures())
        for number in 0..<5000 { remember(tokens, "token \(number)", token("x")) }
        #expect(tokens.count > 4950)
    }
}
