import OstiaryCore
import OstiaryTesting
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

    func find(_ tokens: VerifiedTokens, _ key: String, now: Double = 1, at: Double = 1, generation: UInt64 = 1)
        -> VerifiedTokens.Finding
    {
        tokens.look(
            for: Array(key.utf8).span,
            now: UnixTime(seconds: now),
            at: zero.advanced(bySeconds: at),
            generation: generation
        )
    }

    func read(_ tokens: VerifiedTokens, _ key: String, now: Double = 1, at: Double = 1, generation: UInt64 = 1)
        -> String?
    {
        guard case .known(let identity) = find(tokens, key, now: now, at: at, generation: generation) else {
            return nil
        }
        return identity.subject
    }

    func remember(_ tokens: VerifiedTokens, _ key: String, _ token: VerifiedToken) {
        tokens.remember(Array(key.utf8).span, token, at: zero)
    }

    func memory(_ capacity: Int, bytes: Int = 1 << 20, _ figures: VerifiedTokenFigures = .init()) -> VerifiedTokens {
        VerifiedTokens(capacity: capacity, bytes: bytes, figures: figures)
    }

    // SEC-203
    @Test func remembersByTheWholeToken() {
        let tokens = memory(16)
        let shared = String(repeating: "x", count: 200)
        remember(tokens, shared + "a", token("one"))
        #expect(read(tokens, shared + "a") == "one")
        for other in [shared + "b", shared, "a" + shared, shared + "aa", String(shared.dropLast()) + "ya"] {
            #expect(read(tokens, other) == nil)
        }
        remember(tokens, shared + "a", token("two"))
        #expect(read(tokens, shared + "a") == "two")
        #expect(tokens.count == 1)
        #expect(tokens.bytes == 201)
    }

    /// Under words of zero the last fold of 48 bytes is a product with zero, so all such tokens share a hash.
    struct Zeros: RandomNumberGenerator {
        mutating func next() -> UInt64 { 0 }
    }

    // SEC-203
    @Test func tokensOfOneHashAreToldApartByTheirBytes() {
        var zeros = Zeros()
        let hash = KeyedHash(random: &zeros)
        let names = (0..<8).map { String(repeating: "\($0)", count: 48) }
        #expect(Set(names.map { hash(Array($0.utf8).span) }).count == 1)
        let tokens = VerifiedTokens(capacity: 64, hash: hash, figures: VerifiedTokenFigures())
        for name in names { remember(tokens, name, token(name)) }
        for name in names { #expect(read(tokens, name) == name) }
        #expect(read(tokens, String(repeating: "8", count: 48)) == nil)
        #expect(tokens.count == 8)
    }

    @Test func theEmptyTokenIsNotAFreePlace() {
        var zeros = Zeros()
        let tokens = VerifiedTokens(capacity: 8, hash: KeyedHash(random: &zeros), figures: VerifiedTokenFigures())
        #expect(read(tokens, "", generation: 0) == nil)
        remember(tokens, "", token("nobody"))
        #expect(read(tokens, "") == "nobody")
    }

    // SEC-203, SEC-210
    @Test func endsWithTheTokenTheFiveMinutesTheKeysAndTheGeneration() {
        let figures = VerifiedTokenFigures()
        let tokens = memory(16, figures)
        remember(tokens, "a", token("a", until: 100))
        #expect(read(tokens, "a", now: 99.999) == "a")
        #expect(read(tokens, "a", now: 100) == nil)
        #expect(read(tokens, "a", now: 100, at: 300) == nil)
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
        #expect(tokens.bytes == 0)
        #expect(figures.instruments.value("gw_token_cache_entries") == 0)
    }

    @Test func aTokenThatWasGoodIsCalledExpiredForTheRestOfItsFiveMinutes() {
        let tokens = memory(16)
        remember(tokens, "a", token("a", until: 100))
        func isExpired(now: Double, at: Double, generation: UInt64 = 1) -> Bool {
            if case .expired = find(tokens, "a", now: now, at: at, generation: generation) { true } else { false }
        }
        #expect(!isExpired(now: 99, at: 99))
        #expect(isExpired(now: 100, at: 100))
        #expect(isExpired(now: 1e9, at: 299.999))
        #expect(!isExpired(now: 100, at: 300))
        #expect(tokens.count == 0)
        // A key that was withdrawn vouches for nothing, not even for that.
        remember(tokens, "a", token("a", until: 100))
        #expect(!isExpired(now: 100, at: 100, generation: 2))
        #expect(tokens.count == 0)
    }

    @Test func aWallClockSetBackDoesNotForgetAToken() {
        let tokens = memory(16)
        remember(tokens, "a", token("a", from: 50))
        #expect(read(tokens, "a", now: 49) == nil)
        #expect(read(tokens, "a", now: 50) == "a")
        // Back by a day: the five minutes still end.
        #expect(read(tokens, "a", now: 51, at: 301) == nil)
    }

    @Test func aFullSetForgetsWhatWasNotUsedForLongest() {
        let figures = VerifiedTokenFigures()
        let tokens = memory(8, figures)
        for number in 0..<8 { remember(tokens, "\(number)", token("\(number)")) }
        #expect(read(tokens, "0") == "0")
        remember(tokens, "8", token("8"))
        #expect(read(tokens, "1") == nil)
        #expect(read(tokens, "0") == "0")
        #expect(read(tokens, "8") == "8")
        #expect(tokens.count == 8)
        #expect(figures.instruments.value("gw_token_cache_evictions_total") == 1)
        #expect(figures.hits == 3)
    }

    @Test func bytesAreBoundedToo() {
        let figures = VerifiedTokenFigures()
        let tokens = memory(1024, bytes: 10_000, figures)
        func name(_ number: Int) -> String { "\(number) " + String(repeating: "x", count: 995) }
        for number in 0..<500 {
            remember(tokens, name(number), token("\(number)"))
            #expect(tokens.bytes <= 10_000)
            #expect(read(tokens, name(number)) == "\(number)")
        }
        #expect(tokens.count >= 9)
        #expect(figures.instruments.value("gw_token_cache_bytes") == Double(tokens.bytes))
        #expect(figures.instruments.value("gw_token_cache_bytes_capacity") == 10_000)
        #expect(figures.instruments.value("gw_token_cache_evictions_total") == Double(500 - tokens.count))
        // One that alone is too large is not remembered and drives nobody out.
        let count = tokens.count
        let giant = String(repeating: "y", count: 10_001)
        remember(tokens, giant, token("giant"))
        #expect(read(tokens, giant) == nil)
        #expect(tokens.count == count)
        let whole = String(repeating: "z", count: 10_000)
        remember(tokens, whole, token("whole"))
        #expect(read(tokens, whole) == "whole")
        #expect(tokens.count == 1)
    }

    // SEC-203, SEC-701
    @Test func manyTokensStayWithinTheBound() {
        let figures = VerifiedTokenFigures()
        do {
            let tokens = memory(1000, figures)
            for number in 0..<20_000 { remember(tokens, "\(number)", token("x")) }
            #expect(tokens.count <= 1024)
            #expect(read(tokens, "19999") == "x")
            #expect(figures.instruments.value("gw_token_cache_entries") == Double(tokens.count))
            #expect(figures.instruments.value("gw_token_cache_capacity") == 1024)
        }
        // What is gone has room for nothing, but what it counted stays counted.
        #expect(figures.instruments.value("gw_token_cache_entries") == 0)
        #expect(figures.instruments.value("gw_token_cache_capacity") == 0)
        #expect(figures.hits == 1)
    }

    @Test func theUsualNumberOfTokensFits() {
        let tokens = memory(10_000)
        for number in 0..<5000 { remember(tokens, "token \(number)", token("x")) }
        #expect(tokens.count > 4950)
    }
}
