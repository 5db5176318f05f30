public import OstiaryCore

/// An envelope that has passed every check.
public struct NucChain: Sendable {
    /// Root first, leaf last.
    public let tokens: [NucToken]
    public let root: NucToken
    public let leaf: NucToken

    /// Everything but the leaf, root first.
    public var proofs: ArraySlice<NucToken> { tokens.dropLast() }

    /// When the first of the tokens expires, in whole seconds of Unix time; `nil` where none ever does.
    public var expires: Int? { tokens.compactMap(\.payload.expires).min() }

    /// Whether the root was made by its subject for itself, as nilai's clients make it out of an account's key.
    public static func isSelfIssued(_ root: NucToken) -> Bool {
        root.payload.issuer == root.payload.subject && root.payload.issuer == root.payload.audience
    }
}
