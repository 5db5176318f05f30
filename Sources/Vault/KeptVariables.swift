public import OstiaryCore
import Synchronization

/// The values of variables that hold secrets, taken out of the environment.
///
/// A process's environment is the one it was started with, so a reload that names such a variable again can have its
/// value from nowhere else. It is kept as a secret from then on and never as text. Bounded by the environment.
public final class KeptVariables: Sendable {
    private let values = Mutex<[String: SecretHolder]>([:])

    public init() {}

    /// Keeps the value of a variable; the caller is to forget its own copy.
    public func keep(_ name: String, value: borrowing Span<UInt8>) {
        let holder = SecretHolder(Secret(copying: value))
        values.withLock { $0[name] = holder }
    }

    /// Whether this variable's value is kept.
    public func has(_ name: String) -> Bool { values.withLock { $0[name] != nil } }

    /// The names of all that are kept.
    public var names: [String] { values.withLock { $0.keys.sorted() } }

    /// A copy of the value, or `nil` when it is not kept.
    public func secret(_ name: String) -> Secret? {
        guard let holder = values.withLock({ $0[name] }) else { return nil }
        return Loan.withBytes(of: holder) { Secret(copying: $0) }
    }
}
