public import OstiaryCore

/// A token with the proofs it stands on, as a credential holds them: `leaf/parent/…/root`.
public struct NucEnvelope: Sendable {
    /// The most bytes of an envelope, unless the configuration says otherwise.
    public static let usualLimit = 10240

    /// Leaf first, root last, in the order of the text.
    public let tokens: [NucToken]
    /// For each token, whether it was verified before.
    let areKnown: [Bool]

    /// - Parameters:
    ///   - limit: the most bytes.
    ///   - known: proofs that were verified before; they are not read again.
    /// - Throws: `tooLarge` and `malformed`.
    public init(
        _ text: [UInt8],
        limit: Int = NucEnvelope.usualLimit,
        known: KnownProofs? = nil
    ) throws(NucFault) {
        guard text.count <= limit else { throw .tooLarge }
        var tokens: [NucToken] = []
        var areKnown: [Bool] = []
        for part in text.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard !tokens.isEmpty, let known else {
                tokens.append(try NucToken(part))
                areKnown.append(false)
                continue
            }
            let hash = NucHash(of: part)
            if let proof = known.find(hash) {
                tokens.append(proof)
                areKnown.append(true)
            } else {
                tokens.append(try NucToken(part, hash: hash))
                areKnown.append(false)
            }
        }
        self.tokens = tokens
        self.areKnown = areKnown
    }

    /// Whether `bytes` have the form of an envelope rather than of any other credential: parts of base64url, and a header
    /// that says ES256K. Looks at the first token's header alone.
    public static func hasForm(_ bytes: [UInt8]) -> Bool {
        guard let dot = bytes.prefix(1024).firstIndex(of: UInt8(ascii: ".")) else { return false }
        guard let header = Base64URL.decode(bytes[..<dot]) else { return false }
        return (try? NucHeader(header)) != nil
    }
}
