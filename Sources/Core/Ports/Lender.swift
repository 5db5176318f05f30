/// Who lends keys and wants to hear how they fare: the vault, told by whoever asks a provider with one.
///
/// Nothing is said of a key that is good and about which there was never a doubt, so that an ordinary request costs
/// nothing here.
public protocol Lender: AnyObject, Sendable {
    /// A provider has taken a key that was in doubt.
    func accepted(_ key: SecretHolder)

    /// A provider refuses the key itself (401), or all that it may do (403).
    /// - Parameter isForbidden: 403, which says less: only where there are several keys another one is tried.
    /// - Returns: another key to ask with once more, `nil` where there is none. It may be waited for, once for all who
    ///   ask at the same time.
    func refused(_ key: SecretHolder, isForbidden: Bool) async -> Loan?

    /// A provider wants to be asked less under this key (429).
    /// - Parameter seconds: for how long, when it says so.
    /// - Returns: another key to ask with once more, `nil` where there is none. Never waits.
    func throttled(_ key: SecretHolder, seconds: Double?) -> Loan?
}
