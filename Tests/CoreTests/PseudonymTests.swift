import Crypto
import OstiaryCore
import Testing

private let key = SymmetricKey(data: Array(repeating: 0x0b as UInt8, count: 32))

@Test func isTheKeyedHashOfIssuerAndSubject() {
    var message = Array("rl1".utf8) + [0]
    message += Array("https://idp.example".utf8) + [0] + Array("ada".utf8)
    let digest = Array(HMAC<SHA256>.authenticationCode(for: message, using: key)).prefix(16)
    let pseudonym = Pseudonym(issuer: "https://idp.example", subject: "ada", key: key)
    let digits = Array(Hex.encode(digest))
    #expect(pseudonym.description == String(digits.prefix(8)))
    #expect(String(pseudonym.high, radix: 16).count <= 16)
    #expect(digits == Array(hex(pseudonym.high) + hex(pseudonym.low)))
}

@Test func keepsIssuerAndSubjectApart() {
    let one = Pseudonym(issuer: "a", subject: "bc", key: key)
    let two = Pseudonym(issuer: "ab", subject: "c", key: key)
    #expect(one != two)
    #expect(one == Pseudonym(issuer: "a", subject: "bc", key: key))
    #expect(one != Pseudonym(issuer: "a", subject: "bc", key: SymmetricKey(size: .bits256)))
}

@Test func showsEightDigitsAndNoName() {
    let shown = "\(Pseudonym(issuer: "https://idp.example", subject: "ada", key: key))"
    #expect(shown.utf8.count == 8)
    #expect(Hex.decode(shown.utf8) != nil)
}

private func hex(_ word: UInt64) -> String {
    var digits: [UInt8] = []
    Hex.forEachDigit(of: word) { digits.append($0) }
    return String(decoding: digits, as: UTF8.self)
}
