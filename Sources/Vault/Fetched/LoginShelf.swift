import OstiaryCore
import Synchronization

/// The tokens with which other vaults are asked, for as long as they hold: what a login gave, shared by all keys that
/// are asked for in the same way.
final class LoginShelf: Sendable {
    /// The most logins that are kept; beyond them one logs in for each reading.
    static let most = 100

    /// One token and its time.
    final class Login: Sendable {
        let token: SecretHolder
        /// From when on it should be renewed; `nil` for one that cannot be.
        let renewAt: MonotonicTime?
        /// From when on it is of no use.
        let ends: MonotonicTime

        init(_ token: SecretHolder, life: Double?, isRenewable: Bool, now: MonotonicTime) {
            self.token = token
            let life = life.flatMap { $0 > 0 ? min($0, 315_360_000) : nil }
            renewAt = isRenewable ? life.map { now.advanced(bySeconds: $0 * 2 / 3) } : nil
            ends = life.map { now.advanced(bySeconds: $0) } ?? .never
        }
    }

    private let logins = Mutex<[AnyKey: Login]>([:])

    /// Where and how one has logged in.
    struct AnyKey: Hashable, Sendable {
        let addresses: [String]
        let namespace: String?
        let login: BaoLogin
    }

    func login(_ key: AnyKey) -> Login? { logins.withLock { $0[key] } }

    func put(_ login: Login, _ key: AnyKey) {
        logins.withLock { logins in
            guard logins.count < Self.most || logins[key] != nil else { return }
            logins[key] = login
        }
    }

    func forget(_ login: Login, _ key: AnyKey) {
        logins.withLock { logins in
            if logins[key] === login { logins[key] = nil }
        }
    }
}
