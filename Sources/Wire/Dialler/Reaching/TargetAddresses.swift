import OstiaryCore
import Synchronization

/// How a target's name becomes addresses: who knows them, which of them are allowed, and who hears of one that is not.
public final class TargetAddresses: Sendable {
    let book: AddressBook
    let rules: AddressRules
    private let notice: (@Sendable (IPAddress.Kind) -> Void)?
    /// Before this moment nobody is told again.
    private let quietUntil = Mutex(MonotonicTime(nanoseconds: .min))

    /// Seconds between two notices.
    private static let pause = 60.0

    /// - Parameter notice: told, at most once a minute, that the name leads to addresses of this kind only, which are
    ///   not allowed.
    public init(_ book: AddressBook, _ rules: AddressRules, notice: (@Sendable (IPAddress.Kind) -> Void)? = nil) {
        self.book = book
        self.rules = rules
        self.notice = notice
    }

    func denied(_ kind: IPAddress.Kind, at now: MonotonicTime) {
        guard let notice else { return }
        let isDue = quietUntil.withLock { until in
            guard now >= until else { return false }
            until = now.advanced(bySeconds: Self.pause)
            return true
        }
        if isDue { notice(kind) }
    }
}
