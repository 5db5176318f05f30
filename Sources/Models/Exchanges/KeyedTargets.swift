import OstiaryCore
import OstiaryWire
import Synchronization

/// A provider's address, with connections of its own for each key: no connection ever carries two credentials, neither
/// those of a pool nor an old one and its successor (SEC-509).
final class KeyedTargets: Sendable {
    /// The most keys with connections at once; the one used first is left for another.
    static let most = 64

    private struct Entry {
        let key: UInt64
        let target: UpstreamTarget
    }

    private let first: UpstreamTarget
    private let entries: Mutex<[Entry]>

    init(_ target: UpstreamTarget) {
        first = target
        entries = Mutex([])
    }

    func target(for key: borrowing Loan?) -> UpstreamTarget {
        let number: UInt64
        switch key {
        case .some(let loan): number = loan.key.number
        case .none: return first
        }
        return entries.withLock { entries in
            if let entry = entries.last, entry.key == number { return entry.target }
            if let entry = entries.first(where: { $0.key == number }) { return entry.target }
            let target = entries.isEmpty ? first : first.apart()
            if entries.count >= Self.most { entries.removeFirst().target.leave() }
            entries.append(Entry(key: number, target: target))
            return target
        }
    }

    func leave() {
        first.leave()
        for entry in entries.withLock({ $0 }) { entry.target.leave() }
    }
}
