public import OstiaryCore

/// The second part of a token: who lets whom do what.
public struct NucPayload: Sendable {
    /// What makes a token a delegation or an invocation.
    enum Body: Sendable {
        case delegation([NucRule])
        case invocation
    }

    public let issuer: DID
    public let audience: DID
    public let subject: DID
    public let command: NucCommand
    let body: Body
    /// Whole seconds of Unix time, as `expires`.
    public let notBefore: Int?
    public let expires: Int?
    public let meta: JSONObject?
    public let nonce: [UInt8]
    let proofs: [NucHash]
    /// All of it, for policies and for whoever shows it.
    public let object: JSONObject

    /// The earliest and the latest date: the years 1 and 9999.
    private static let dates = -62_135_596_800...253_402_300_799
    private static let names = [
        "iss", "aud", "sub", "cmd", "pol", "args", "nbf", "exp", "meta", "nonce", "prf",
    ]

    init(_ bytes: [UInt8]) throws(NucFault) {
        // Arguments are nested as deep as 64 in use; the reader bounds the stack.
        guard let object = (try? JSONReader.read(bytes, depth: 128))?.object else { throw .malformed }
        try self.init(object)
    }

    init(_ object: JSONObject) throws(NucFault) {
        guard object.members.allSatisfy({ member in Self.names.contains { $0.hasSameBytes(as: member.name) } }) else {
            throw .malformed
        }
        self.object = object
        issuer = try Self.did(object["iss"])
        audience = try Self.did(object["aud"])
        subject = try Self.did(object["sub"])
        guard let command = object["cmd"]?.string.flatMap(NucCommand.init) else { throw .malformed }
        self.command = command
        body = try Self.body(object)
        notBefore = try Self.date(object["nbf"])
        expires = try Self.date(object["exp"])
        switch object["meta"] {
        case nil, .null: meta = nil
        case .object(let members): meta = members
        default: throw .malformed
        }
        guard let nonce = object["nonce"]?.string.flatMap({ Hex.decode($0.utf8) }), !nonce.isEmpty else {
            throw .malformed
        }
        self.nonce = nonce
        proofs = try Self.proofs(object["prf"])
    }

    public var isInvocation: Bool {
        if case .invocation = body { true } else { false }
    }

    /// The rules of a delegation; none of an invocation.
    var rules: [NucRule] {
        if case .delegation(let rules) = body { rules } else { [] }
    }

    private static func did(_ value: JSONValue?) throws(NucFault) -> DID {
        guard let did = value?.string.flatMap({ DID($0) }) else { throw .malformed }
        return did
    }

    private static func body(_ object: JSONObject) throws(NucFault) -> Body {
        switch (object["pol"], object["args"]) {
        case (.array(let rules), nil):
            guard let rules = NucRule.rules(rules) else { throw .malformed }
            return .delegation(rules)
        case (nil, .object): return .invocation
        default: throw .malformed
        }
    }

    private static func date(_ value: JSONValue?) throws(NucFault) -> Int? {
        switch value {
        case nil, .null: return nil
        case .number(let number):
            // A whole number by its spelling: `1e9` and `1.0` are floating-point numbers to others.
            guard let seconds = Int(number.text), dates.contains(seconds) else { throw .malformed }
            return seconds
        default: throw .malformed
        }
    }

    private static func proofs(_ value: JSONValue?) throws(NucFault) -> [NucHash] {
        guard let value else { return [] }
        guard let elements = value.array else { throw .malformed }
        var proofs: [NucHash] = []
        for element in elements {
            guard let hash = element.string.flatMap({ NucHash($0) }) else { throw .malformed }
            proofs.append(hash)
        }
        return proofs
    }
}
