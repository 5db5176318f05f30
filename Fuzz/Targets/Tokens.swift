import OstiaryCore

@testable import OstiaryIdentity

/// An accepted token is spelled by its parts alone, and has a bounded life. The input stands for a whole token, and for
/// the header and the payload of one, which a fuzzer cannot reach through base64url.
func fuzzToken(_ bytes: [UInt8]) {
    let empty = Array("{}".utf8)
    let header = Array(#"{"alg":"ES256","typ":"JWT"}"#.utf8)
    read(bytes)
    read(token(header: bytes, payload: empty))
    read(token(header: header, payload: bytes))
}

private func token(header: [UInt8], payload: [UInt8]) -> [UInt8] {
    Array("\(Base64URL.encode(header)).\(Base64URL.encode(payload)).AAAA".utf8)
}

private func read(_ token: [UInt8]) {
    let limits = TokenLimits()
    guard let jws = try? JWS(compact: token, limits: limits) else { return }
    let parts = token.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    demand(token.count <= limits.token && parts.count == 3, "an accepted token has not three parts")
    demand(Base64URL.encode(jws.payload).utf8.elementsEqual(parts[1]), "a payload has two spellings")
    demand(Base64URL.encode(jws.signature).utf8.elementsEqual(parts[2]), "a signature has two spellings")
    demand(jws.header["crit"] == nil, "an extension is accepted")
    demand((jws.keyName?.utf8.count ?? 0) <= limits.keyName, "a key's name is too long")
    var policy = TokenPolicy()
    _ = jws.hasType(among: policy.types, required: false)

    guard let claims = try? Claims(payload: jws.payload, depth: limits.depth) else { return }
    policy.issuer = "https://idp.example"
    let now = UnixTime(seconds: 1_800_000_000)
    if let window = try? claims.window(policy, now: now) {
        let latest = now.seconds + 2 * policy.longestLife + policy.leeway
        demand(window.from <= now.seconds && window.until <= latest, "a token lives too long")
    }
    if let subject = try? claims.identifier("sub") {
        demand((1...255).contains(subject.utf8.count), "a subject is too long")
        demand(!subject.utf8.contains { $0 < 0x20 || $0 == 0x7f }, "a subject holds a control character")
    }
    _ = try? claims.audiences()
    if let scopes = try? claims.scopes() { demand(scopes.containsAll(of: scopes), "scopes do not hold themselves") }
}
