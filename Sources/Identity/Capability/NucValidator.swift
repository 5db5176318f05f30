public import OstiaryCore

/// Says whether an envelope is to be believed. The checks come in the order of nuc 0.1.0, and the first that fails is the
/// reason; signatures, which cost most, come last.
///
/// Where the implementations differ or are lax, the strict reading holds: a token has expired in the second that `exp`
/// names, proofs stand in the order of the chain and none twice, a lone token is its subject's own.
public struct NucValidator: Sendable {
    /// Who may stand at the beginning of a chain.
    public struct Roots: Sendable {
        /// Issuers of any root; `nil` for everybody.
        public var issuers: Set<DID>?
        /// Accounts, which are believed for roots that they made for themselves.
        public var accounts: Set<DID>

        public init(issuers: Set<DID>?, accounts: Set<DID> = []) {
            self.issuers = issuers
            self.accounts = accounts
        }

        func believes(_ root: NucToken) -> Bool {
            guard let issuers else { return true }
            if issuers.contains(root.payload.issuer) { return true }
            return NucChain.isSelfIssued(root) && accounts.contains(root.payload.issuer)
        }
    }

    /// What the leaf has to be.
    public enum Requirement: Sendable {
        case none
        case invocation(DID)
        case delegation(DID)
    }

    /// The most tokens of a chain.
    static let longest = 5

    public var roots: Roots
    public var requirement: Requirement
    /// Whether a lone token may speak of somebody else, for readers that look at who may read.
    public var allowsForeignSubject = false
    /// What is accepted of wallets; `nil` for nothing.
    public var wallets: WalletRule?

    public init(roots: Roots, requirement: Requirement) {
        self.roots = roots
        self.requirement = requirement
    }

    /// - Parameters:
    ///   - now: by which tokens begin and end, without leeway.
    ///   - context: what policies may ask for besides the token.
    public func validate(
        _ envelope: NucEnvelope,
        now: UnixTime,
        context: JSONObject = JSONObject(members: [])
    ) throws(NucFault) -> NucChain {
        let tokens: [NucToken] = try chained(envelope.tokens).reversed()
        guard let root = tokens.first, let leaf = tokens.last else { throw .malformed }
        try checkRoot(root, tokens.dropLast())
        try checkLinks(tokens)
        try checkClock(tokens, now)
        try checkPolicies(tokens)
        try checkSubject(tokens)
        try checkRequirement(leaf)
        if leaf.isInvocation {
            for proof in tokens.dropLast().reversed() {
                for rule in proof.payload.rules where !rule.holds(for: leaf.payload.object, in: context) {
                    throw .policyNotMet
                }
            }
        }
        try checkSignatures(envelope)
        return NucChain(tokens: tokens, root: root, leaf: leaf)
    }

    /// The tokens, leaf first, where each is named by the one before and there are no others.
    private func chained(_ tokens: [NucToken]) throws(NucFault) -> [NucToken] {
        guard tokens.count <= Self.longest else { throw .chainTooLong }
        var used = 1
        var isInOrder = true
        var current = tokens.first
        while let token = current {
            current = nil
            guard token.payload.proofs.count <= 1 else { throw .tooManyProofs }
            guard let hash = token.payload.proofs.first else { break }
            guard let place = tokens.indices.dropFirst().first(where: { tokens[$0].hash == hash }) else {
                throw .missingProof
            }
            if place != used { isInOrder = false }
            used += 1
            // Nobody can make a circle of hashes, and the stack of proofs is not walked for longer than it is.
            guard used <= tokens.count else { break }
            current = tokens[place]
        }
        guard used == tokens.count, isInOrder else { throw .unchainedProofs }
        return tokens
    }

    private func checkRoot(_ root: NucToken, _ proofs: some Sequence<NucToken>) throws(NucFault) {
        guard roots.believes(root) else { throw .rootKeySignatureMissing }
        guard proofs.allSatisfy({ !$0.isInvocation }) else { throw .proofsMustBeDelegations }
    }

    private func checkLinks(_ tokens: [NucToken]) throws(NucFault) {
        for (parent, child) in zip(tokens, tokens.dropFirst()) {
            let (parent, child) = (parent.payload, child.payload)
            guard parent.audience == child.issuer else { throw .issuerAudienceMismatch }
            guard parent.subject == child.subject else { throw .differentSubjects }
            guard child.command.isAttenuation(of: parent.command) || child.command.isSame(as: .revoke) else {
                throw .commandNotAttenuated
            }
            if let begins = parent.notBefore, let own = child.notBefore, own < begins { throw .notBeforeBackwards }
        }
    }

    private func checkClock(_ tokens: [NucToken], _ now: UnixTime) throws(NucFault) {
        for token in tokens {
            if let expires = token.payload.expires, now.seconds >= Double(expires) { throw .tokenExpired }
            if let begins = token.payload.notBefore, now.seconds < Double(begins) { throw .notBeforeNotMet }
        }
    }

    private func checkPolicies(_ tokens: [NucToken]) throws(NucFault) {
        for rules in tokens.map(\.payload.rules) where !rules.isEmpty {
            guard rules.count <= NucRule.widest, rules.allSatisfy({ $0.width <= NucRule.widest }) else {
                throw .policyTooWide
            }
            guard rules.allSatisfy({ $0.depth <= NucRule.deepest }) else { throw .policyTooDeep }
        }
    }

    private func checkSubject(_ tokens: [NucToken]) throws(NucFault) {
        guard let token = tokens.count > 1 ? tokens[1] : tokens.first else { return }
        if tokens.count == 1, allowsForeignSubject { return }
        guard token.payload.issuer == token.payload.subject else { throw .subjectNotInChain }
    }

    private func checkRequirement(_ leaf: NucToken) throws(NucFault) {
        switch requirement {
        case .none: return
        case .invocation(let audience):
            guard leaf.isInvocation else { throw .needInvocation }
            guard leaf.payload.audience == audience else { throw .invalidAudience }
        case .delegation(let audience):
            guard !leaf.isInvocation else { throw .needDelegation }
            guard leaf.payload.audience == audience else { throw .invalidAudience }
        }
    }

    private func checkSignatures(_ envelope: NucEnvelope) throws(NucFault) {
        guard Secp256k1.isAvailable else { throw .libraryMissing }
        for (token, isKnown) in zip(envelope.tokens, envelope.areKnown) where !isKnown {
            guard token.isGenuine(wallets: wallets) else { throw .invalidSignatures }
        }
    }
}
