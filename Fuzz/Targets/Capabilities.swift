import OstiaryCore

@testable import OstiaryIdentity

/// A capability token that is read is spelled by its parts alone, keeps its form, and is judged without an end of the
/// process. The input stands for a whole envelope, and for the header and the payload of one, which a fuzzer cannot reach
/// through base64url.
func fuzzCapability(_ bytes: [UInt8]) {
    read(bytes)
    read(token(header: bytes, payload: Array("{}".utf8)))
    for header in [NucHeader.text0, NucHeader.text1] { read(token(header: header, payload: bytes)) }
    if let did = DID(String(decoding: bytes, as: UTF8.self)) {
        demand(DID("\(did)") == did, "a printed DID is another one")
    }
    if let command = NucCommand(String(decoding: bytes, as: UTF8.self)) {
        demand(command.isAttenuation(of: command), "a command is not below itself")
    }
    if let value = try? JSONReader.read(bytes) {
        demand(value.isSameValue(as: value), "a value is not the same as itself")
        if let rule = NucRule(value) { demand(rule.depth >= 1 && rule.width >= 0, "a rule has no size") }
    }
}

private func token(header: [UInt8], payload: [UInt8]) -> [UInt8] {
    let signature = [UInt8](repeating: 1, count: 64)
    return Array([header, payload, signature].map { Base64URL.encode($0) }.joined(separator: ".").utf8)
}

private func read(_ text: [UInt8]) {
    guard let envelope = try? NucEnvelope(text) else { return }
    demand(text.count <= NucEnvelope.usualLimit, "an envelope is too long")
    let parts = text.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    demand(parts.count == envelope.tokens.count, "an envelope has other tokens than its text")
    for (part, token) in zip(parts, envelope.tokens) {
        demand(part.elementsEqual(token.text), "a token is not its text")
        demand(NucHash("\(token.hash)") == token.hash, "a hash has two values")
        demand(!token.payload.nonce.isEmpty, "a token has no nonce")
    }
    demand(NucEnvelope.hasForm(text) || parts[0].count > 1024, "a token is not told by its form")
    let validator = NucValidator(roots: .init(issuers: nil), requirement: .none)
    let now = UnixTime(seconds: 1_790_000_000)
    if let chain = try? validator.validate(envelope, now: now) {
        demand(chain.expires.map { Double($0) > now.seconds } ?? true, "an expired chain is believed")
    }
}
