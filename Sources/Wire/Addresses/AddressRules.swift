/// Which addresses a host's name may lead to (SEC-502).
///
/// Whoever decides what a public name leads to could otherwise send the gate, and the key with it, into the operator's
/// own network. So a name leads where the operator meant it to: a public one to the internet, an address to itself,
/// `localhost` to this machine. Some addresses are for nobody, whatever is configured: those of metadata services and
/// of the link, of groups, and of nobody at all.
public struct AddressRules: Hashable, Sendable {
    /// What the operator allows; `addresses` in the configuration.
    public enum Reach: String, Sendable, CaseIterable {
        /// Addresses of the internet.
        case `public`
        /// Addresses of this machine and of private networks.
        case `private`
        /// Both.
        case any

        var kinds: Set<IPAddress.Kind> {
            switch self {
            case .public: [.public]
            case .private: [.loopback, .private, .shared]
            case .any: [.public, .loopback, .private, .shared]
            }
        }
    }

    private let kinds: Set<IPAddress.Kind>
    private let only: IPAddress?

    /// - Parameter reach: what the operator says; `nil` for what the host's name says by itself.
    public init(for origin: Origin, reach: Reach? = nil) {
        only = IPAddress(origin.host)
        if only != nil {
            kinds = (reach ?? .any).kinds
        } else if HostName.isThisMachine(origin.host) {
            kinds = [.loopback]
        } else if let reach {
            kinds = reach.kinds
        } else if HostName.isNearby(origin.host) {
            // Plain HTTP is allowed to such names because they are not expected to leave the private network.
            kinds = (origin.isSecure ? Reach.any : .private).kinds
        } else {
            kinds = Reach.public.kinds
        }
    }

    public func permits(_ address: IPAddress) -> Bool {
        kinds.contains(address.kind) && (only == nil || only == address)
    }
}
