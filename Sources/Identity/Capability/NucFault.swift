/// Why a capability token is not believed: the reasons of nuc 0.1.0 in their order, and what comes before them.
public enum NucFault: Int, Error, Hashable, Sendable, CaseIterable {
    /// More bytes than an envelope may have.
    case tooLarge
    /// Not an envelope of tokens, or one of them breaks a rule of its form.
    case malformed
    case chainTooLong
    case tooManyProofs
    case missingProof
    /// Proofs that the chain does not use, one that comes twice, or another order than from leaf to root.
    case unchainedProofs
    case rootKeySignatureMissing
    case proofsMustBeDelegations
    case issuerAudienceMismatch
    case differentSubjects
    case commandNotAttenuated
    case notBeforeBackwards
    case tokenExpired
    case notBeforeNotMet
    case policyTooWide
    case policyTooDeep
    case subjectNotInChain
    case needInvocation
    case needDelegation
    case invalidAudience
    case policyNotMet
    case invalidSignatures
    /// There is no libsecp256k1, so nothing can be said of a signature.
    case libraryMissing
    /// A token of the chain was revoked.
    case tokenRevoked
    /// The leaf was presented before, where each is good once.
    case tokenReplayed
    /// Each leaf is good once, and no more of them can be remembered.
    case tooManyLeaves
    /// `usage_limit` is not a whole number from zero on, or its token never expires.
    case usageLimitInvalid
    /// A delegation allows more uses than the one above it.
    case usageLimitWidened
    /// Not a token but the account's private key.
    case privateKey
    /// Not a token but the text that nilai-py leaves where one should be.
    case placeholder

    /// The reason as the other implementations spell it.
    public var reason: StaticString {
        switch self {
        case .tooLarge, .malformed: "MALFORMED"
        case .chainTooLong: "CHAIN_TOO_LONG"
        case .tooManyProofs: "TOO_MANY_PROOFS"
        case .missingProof: "MISSING_PROOF"
        case .unchainedProofs: "UNCHAINED_PROOFS"
        case .rootKeySignatureMissing: "ROOT_KEY_SIGNATURE_MISSING"
        case .proofsMustBeDelegations: "PROOFS_MUST_BE_DELEGATIONS"
        case .issuerAudienceMismatch: "ISSUER_AUDIENCE_MISMATCH"
        case .differentSubjects: "DIFFERENT_SUBJECTS"
        case .commandNotAttenuated: "COMMAND_NOT_ATTENUATED"
        case .notBeforeBackwards: "NOT_BEFORE_BACKWARDS"
        case .tokenExpired: "TOKEN_EXPIRED"
        case .notBeforeNotMet: "NOT_BEFORE_NOT_MET"
        case .policyTooWide: "POLICY_TOO_WIDE"
        case .policyTooDeep: "POLICY_TOO_DEEP"
        case .subjectNotInChain: "SUBJECT_NOT_IN_CHAIN"
        case .needInvocation: "NEED_INVOCATION"
        case .needDelegation: "NEED_DELEGATION"
        case .invalidAudience: "INVALID_AUDIENCE"
        case .policyNotMet: "POLICY_NOT_MET"
        case .invalidSignatures: "INVALID_SIGNATURES"
        case .libraryMissing: "LIBRARY_MISSING"
        case .tokenRevoked: "TOKEN_REVOKED"
        case .tokenReplayed: "TOKEN_REPLAYED"
        case .tooManyLeaves: "TOO_MANY_LEAVES"
        case .usageLimitInvalid: "USAGE_LIMIT_INVALID"
        case .usageLimitWidened: "USAGE_LIMIT_WIDENED"
        case .privateKey: "PRIVATE_KEY"
        case .placeholder: "PLACEHOLDER"
        }
    }

    /// The reason as clients and metrics read it.
    public var code: StaticString {
        switch self {
        case .tooLarge: "nuc_too_large"
        case .malformed: "nuc_malformed"
        case .chainTooLong: "nuc_chain_too_long"
        case .tooManyProofs: "nuc_too_many_proofs"
        case .missingProof: "nuc_missing_proof"
        case .unchainedProofs: "nuc_unchained_proofs"
        case .rootKeySignatureMissing: "nuc_root_key_signature_missing"
        case .proofsMustBeDelegations: "nuc_proofs_must_be_delegations"
        case .issuerAudienceMismatch: "nuc_issuer_audience_mismatch"
        case .differentSubjects: "nuc_different_subjects"
        case .commandNotAttenuated: "nuc_command_not_attenuated"
        case .notBeforeBackwards: "nuc_not_before_backwards"
        case .tokenExpired: "nuc_token_expired"
        case .notBeforeNotMet: "nuc_not_before_not_met"
        case .policyTooWide: "nuc_policy_too_wide"
        case .policyTooDeep: "nuc_policy_too_deep"
        case .subjectNotInChain: "nuc_subject_not_in_chain"
        case .needInvocation: "nuc_need_invocation"
        case .needDelegation: "nuc_need_delegation"
        case .invalidAudience: "nuc_invalid_audience"
        case .policyNotMet: "nuc_policy_not_met"
        case .invalidSignatures: "nuc_invalid_signatures"
        case .libraryMissing: "nuc_library_missing"
        case .tokenRevoked: "nuc_token_revoked"
        case .tokenReplayed: "nuc_token_replayed"
        case .tooManyLeaves: "nuc_too_many_leaves"
        case .usageLimitInvalid: "nuc_usage_limit_invalid"
        case .usageLimitWidened: "nuc_usage_limit_widened"
        case .privateKey: "nuc_private_key"
        case .placeholder: "nuc_placeholder"
        }
    }

    /// One sentence for people.
    public var sentence: StaticString {
        switch self {
        case .tooLarge: "it has more bytes than an envelope may have"
        case .malformed: "it is not a capability token, or breaks a rule of its form"
        case .chainTooLong: "the chain has more than five tokens"
        case .tooManyProofs: "a token names more than one proof"
        case .missingProof: "a proof that a token names is not in the envelope"
        case .unchainedProofs: "the envelope holds proofs that the chain does not use, or not in the order leaf to root"
        case .rootKeySignatureMissing: "the chain does not begin with somebody who is trusted"
        case .proofsMustBeDelegations: "an invocation stands where a delegation has to"
        case .issuerAudienceMismatch: "a token was issued by somebody whom its parent was not made for"
        case .differentSubjects: "the tokens of the chain have different subjects"
        case .commandNotAttenuated: "a token's command is not below its parent's"
        case .notBeforeBackwards: "a token begins before its parent"
        case .tokenExpired: "a token of the chain has expired"
        case .notBeforeNotMet: "a token of the chain is not valid yet"
        case .policyTooWide: "a policy has more than ten rules or values side by side"
        case .policyTooDeep: "a policy is nested more than five deep"
        case .subjectNotInChain: "the subject did not issue the first delegation"
        case .needInvocation: "a delegation was sent where an invocation is needed"
        case .needDelegation: "an invocation was sent where a delegation is needed"
        case .invalidAudience: "the token was made for somebody else"
        case .policyNotMet: "the policy of a delegation does not hold"
        case .invalidSignatures: "a signature is not its issuer's"
        case .libraryMissing: "libsecp256k1 is not installed: apt install libsecp256k1-1"
        case .tokenRevoked: "a token of the chain was revoked"
        case .tooManyLeaves: "no more invocations can be remembered at the moment"
        case .tokenReplayed: "it was presented before, and here each is good once"
        case .usageLimitInvalid: "a usage_limit is not a whole number from 0 on, or stands in a token without exp"
        case .usageLimitWidened: "a delegation allows more uses than the one it stands on"
        case .privateKey:
            """
            a private key was sent in place of a token, as nilai-py does with openai 2.34 and later; install openai<2.34 \
            and take the key out of use, as it has left its machine
            """
        case .placeholder:
            "no token was sent: nilai-py leaves <placeholder> there with openai 2.34 and later; install openai<2.34"
        }
    }
}
