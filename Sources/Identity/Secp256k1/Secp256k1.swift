import CSecp256k1

/// The curve of capability tokens, by Debian's libsecp256k1, which is found at run time. Where it is not installed
/// everything else of the gate works, and what needs it says so.
public enum Secp256k1 {
    /// The Debian package that has it.
    public static let package = "libsecp256k1-1"

    /// Whether the library is there; looked for once.
    public static var isAvailable: Bool { csecp_available() != 0 }

    /// Why there is no key.
    public enum Fault: Error, Hashable, Sendable, CustomStringConvertible {
        /// There is no libsecp256k1.
        case missing
        /// The bytes are no key: of another length, zero, or not below the order of the curve.
        case notAKey

        public var description: String {
            switch self {
            case .missing: "libsecp256k1 is not installed"
            case .notAKey: "not a private key of secp256k1: 64 hex digits, not zero and below the order of the curve"
            }
        }

        public var hint: String? {
            switch self {
            case .missing: "apt install \(Secp256k1.package)"
            case .notAKey: nil
            }
        }
    }
}
