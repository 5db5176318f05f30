import Crypto
import OstiaryCore
import OstiaryIdentity
import OstiaryWire

// Workload identity: the gate's own issuer, and whom it gives tokens.
extension Furnishing {
    /// `nil` without trust rules. The former exchange's signing key stays where the configuration says nothing new about
    /// it: what it signed is believed over a reload.
    func workloads(_ pseudonymKey: SymmetricKey) throws(Running.Failure) -> WorkloadExchange? {
        let wanted = configuration.identity.workloads
        guard !wanted.rules.isEmpty else { return nil }
        var rules: [WorkloadRule] = []
        for rule in wanted.rules {
            guard let source = rule.token.source(fetcher(rule.token)) else {
                throw .other("identity.workloads: the key set's URL must be https, or http on loopback")
            }
            rules.append(
                WorkloadRule(
                    name: rule.name,
                    issuer: TrustedIssuer(policy: rule.token.policy, source: source),
                    subjects: rule.subjects,
                    accounts: rule.accounts,
                    organization: rule.organization,
                    scopes: rule.scopes,
                    isSingleUse: rule.isSingleUse
                )
            )
        }
        do {
            return try WorkloadExchange(
                rules,
                issuer: try ownIssuer(wanted),
                lifetime: Int(wanted.lifetime),
                pseudonymKey: pseudonymKey,
                clock: site.clock,
                notice: { [journal = site.journal] notice in journal.tell(notice) },
                keeping: former?.workloads
            )
        } catch let failure as Running.Failure {
            throw failure
        } catch {
            throw .other("identity.workloads: \(error)")
        }
    }

    private func ownIssuer(_ wanted: Configuration.Workloads) throws(Running.Failure) -> OwnIssuer {
        guard let reference = wanted.signingKey else {
            if let known = former?.workloads?.issuer, before?.identity.workloads.signingKey == nil,
                known.issuer.hasSameBytes(as: wanted.issuer)
            {
                return known
            }
            return OwnIssuer(issuer: wanted.issuer)
        }
        do throws(HashKey.Fault) {
            let secret = try HashKey.read(reference, environment: site.variables.plain, kept: site.variables.kept)
            return OwnIssuer(issuer: wanted.issuer, secret: secret)
        } catch {
            throw .other("identity.workloads.signing_key: \(error)")
        }
    }
}

extension OwnIssuer {
    /// Whom the gate believes when it has signed itself: its own name as issuer and audience, and the one type.
    var trusted: TrustedIssuer {
        var policy = TokenPolicy()
        policy.issuer = issuer
        policy.audiences = [issuer]
        policy.types = ["at+jwt"]
        policy.typeRequired = true
        policy.longestLife = 3600
        return TrustedIssuer(policy: policy, source: OwnKeySet(of: self))
    }
}
