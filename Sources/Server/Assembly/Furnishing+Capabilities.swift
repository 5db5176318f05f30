import Crypto
import OstiaryCore
import OstiaryIdentity

// Capability tokens as the configuration wants them.
extension Furnishing {
    /// `nil` where `identity.nuc.key` names none.
    mutating func capabilities(
        _ revocations: WatchedRevocations?,
        _ pseudonymKey: SymmetricKey
    ) throws(Running.Failure) -> NucAuthenticator? {
        let given = configuration.identity.nuc
        guard let reference = given.key else { return nil }
        var rules = NucAuthenticator.Rules()
        rules.trusted = Set(given.trusted)
        rules.accounts = Set(given.accounts)
        rules.scopes = Scopes(given.scopes)
        rules.isSingleUse = given.isSingleUse
        rules.walletChains = Set(given.walletChains)
        return NucAuthenticator(
            key: try nucKey(reference),
            rules: rules,
            revoked: revocations?.known ?? RevokedTokens(),
            pseudonymKey: pseudonymKey,
            clock: site.clock,
            keeping: former?.bearer.capabilities
        )
    }

    /// The service's own key. Without the library nothing else of the gate suffers.
    private mutating func nucKey(
        _ reference: Configuration.SecretReference
    ) throws(Running.Failure) -> Secp256k1SecretKey? {
        guard Secp256k1.isAvailable else {
            remark(
                "capability tokens cannot be checked: libsecp256k1 is not installed",
                ["hint": "apt install \(Secp256k1.package)"]
            )
            return nil
        }
        let secret: SymmetricKey
        do {
            secret = try HashKey.read(reference, environment: site.variables.plain, kept: site.variables.kept)
        } catch {
            throw .other("identity.nuc.key: \(error)")
        }
        do throws(Secp256k1.Fault) {
            return try Self.key(secret)
        } catch {
            throw .other("identity.nuc.key: \(error)")
        }
    }

    private static func key(_ secret: SymmetricKey) throws(Secp256k1.Fault) -> Secp256k1SecretKey {
        var copy = secret.withUnsafeBytes { Array($0) }
        defer { for index in copy.indices { copy[index] = 0 } }
        return try Secp256k1SecretKey(copying: copy.span)
    }

    /// The list of revoked tokens, or that of before where it is the same file; what is revoked stays so over a reload.
    mutating func revocations() throws(Running.Failure) -> WatchedRevocations? {
        guard configuration.identity.nuc.key != nil else { return nil }
        let path = configuration.identity.nuc.revocations
        if let known = former?.revocations, known.path == path { return known }
        do throws(RevocationsFile.Trouble) {
            return try WatchedRevocations(path: path)
        } catch {
            throw .other("identity.nuc.revocations: \(error)")
        }
    }
}
