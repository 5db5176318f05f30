import OstiaryCore
import Testing

@Test(arguments: GateError.Code.allCases) func describesEachCodeInTheCatalogue(_ code: GateError.Code) {
    let entry = code.entry
    #expect("\(entry.name)" == code.rawValue)
    #expect((400...599).contains(entry.status))
    #expect(!"\(entry.sentence)".isEmpty)
    #expect(!"\(entry.hint)".isEmpty)
    #expect("\(entry.hint)".hasSuffix("."))
    #expect(!"\(entry.sentence)".hasSuffix("."))
    #expect(code.rawValue.utf8.allSatisfy { $0 == UInt8(ascii: "_") || UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 })
}

@Test func givesEachCodeItsOwnName() {
    let names = Set(GateError.Code.allCases.map { "\($0.entry.name)" })
    #expect(names.count == GateError.Code.allCases.count)
}

@Test(arguments: GateError.Code.allCases) func blamesTheClientForFourHundredsAlone(_ code: GateError.Code) {
    #expect((code.entry.status < 500) == (code.entry.source == .client))
}

@Test func takesRetryAndCauseFromTheCatalogue() {
    let plain = GateError(.keysUnavailable)
    #expect(plain.retry == .after(seconds: 5))
    #expect("\(plain.cause)" == "keys_unavailable")
    #expect(plain.message == "The issuer's keys cannot be had at the moment")
    let own = GateError(.invalidToken, cause: "signature", retry: .safe, detail: "ask again")
    #expect(own.retry == .safe)
    #expect("\(own.cause)" == "signature")
    #expect(own.message == "The token is not valid here: ask again")
    #expect(own.status == 401)
}

@Test func carriesTheStandingOfARefusal() {
    let standing = RateStanding(limit: 60, remaining: 0, reset: 10)
    #expect(GateError(.rateLimitExceeded, standing: standing).standing == standing)
    #expect(GateError(.rateLimitExceeded).standing == nil)
}
