import OstiaryCore

/// How often a chain may be used, as its delegations say in `meta.usage_limit`.
enum NucUsage {
    /// One limit, and the token that sets it.
    struct Limit: Sendable {
        let token: NucToken
        let most: Int
        /// Whole seconds of Unix time.
        let ends: Int
    }

    /// The limits of all proofs, root first; what the leaf says counts for nothing, as its holder writes it.
    /// - Throws: `usageLimitInvalid`, and `usageLimitWidened` for a limit above the one before it.
    static func limits(of chain: NucChain) throws(NucFault) -> [Limit] {
        var limits: [Limit] = []
        for proof in chain.proofs {
            guard let value = proof.payload.meta?["usage_limit"], value != .null else { continue }
            // By its spelling, as `true` and `1.0` are numbers to some and none to others.
            guard case .number(let number) = value, let most = Int(number.text), most >= 0,
                let ends = proof.payload.expires
            else { throw .usageLimitInvalid }
            if let before = limits.last, most <= 0 || most > before.most { throw .usageLimitWidened }
            limits.append(Limit(token: proof, most: most, ends: ends))
        }
        return limits
    }
}

extension UsageLimit {
    init(_ limit: NucUsage.Limit) {
        self.init(key: limit.token.hash.key, most: limit.most, ends: UnixTime(seconds: Double(limit.ends)))
    }
}
