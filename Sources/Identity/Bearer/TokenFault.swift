import OstiaryCore

/// Why a token was refused: the closed list behind `GateError.cause` and the metric label. The outside learns of it
/// only whether the token had expired.
public enum TokenFault: Int, Error, Hashable, Sendable, CaseIterable {
    /// Not three parts of strict base64url, or its JSON breaks a rule.
    case malformed
    /// More bytes than the limit.
    case tooLarge
    /// The policy does not list the header's `alg`.
    case algNotAllowed
    /// The key that the token names is not one for its `alg`.
    case algKeyMismatch
    /// The issuer has no usable key of that name.
    case unknownKey
    /// Several keys could be meant.
    case ambiguousKey
    case signature
    /// The header has `crit`; no extension is understood (RFC 7515 section 4.1.11).
    case crit
    /// The token is of another type than the policy wants.
    case typ
    case missingClaim
    case claimType
    /// `exp` has passed, and the signature is genuine.
    case expired
    /// `exp` has passed; the signature was not looked at, as no key was at hand and none is fetched for such a token, or
    /// as too many such tokens came.
    case expiredUnchecked
    case notYetValid
    /// The token lives longer than the policy allows.
    case lifetime
    case issuer
    case audience
    case duplicateMember
    /// The same `jti` was presented before.
    case replay
    /// The store of presented `jti`s cannot take another one.
    case replayStore
    /// The proof belongs to another request, token or key.
    case binding
    /// No key set can be had, so nothing can be said about the token.
    case keysUnavailable

    /// The name in logs and metric labels.
    public var cause: StaticString {
        switch self {
        case .malformed: "malformed"
        case .tooLarge: "too_large"
        case .algNotAllowed: "alg_not_allowed"
        case .algKeyMismatch: "alg_key_mismatch"
        case .unknownKey: "unknown_key"
        case .ambiguousKey: "ambiguous_key"
        case .signature: "signature"
        case .crit: "crit"
        case .typ: "typ"
        case .missingClaim: "missing_claim"
        case .claimType: "claim_type"
        case .expired: "expired"
        case .expiredUnchecked: "expired_unchecked"
        case .notYetValid: "not_yet_valid"
        case .lifetime: "lifetime"
        case .issuer: "issuer"
        case .audience: "audience"
        case .duplicateMember: "duplicate_member"
        case .replay: "replay"
        case .replayStore: "replay_store"
        case .binding: "binding"
        case .keysUnavailable: "keys_unavailable"
        }
    }

    init(_ fault: JSONFault) {
        self = fault.reason == .duplicateMember ? .duplicateMember : .malformed
    }
}
