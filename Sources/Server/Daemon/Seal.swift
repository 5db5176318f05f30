import OstiaryCore
import OstiaryVault
import Synchronization

/// Whether the gate keeps its hands off its store of keys: an operator's word, good until the opposite one or the end of
/// the process. Rooms that are made meanwhile hold no stored key.
final class Seal: Sendable {
    private let closed = Atomic<Bool>(false)

    var isClosed: Bool { closed.load(ordering: .acquiring) }
    func close() { closed.store(true, ordering: .releasing) }
    func open() { closed.store(false, ordering: .releasing) }
}

/// What stands in the place of a store while it is sealed.
struct ClosedStore: Store {
    let label: String

    func list() throws(StoreFault) -> [StoredKey] { throw fault }
    func read(_ name: StoredName) throws(StoreFault) -> Secret? { throw fault }
    func write(_ name: StoredName, _ secret: borrowing Secret, at time: UnixTime) throws(StoreFault) { throw fault }
    func remove(_ name: StoredName) throws(StoreFault) -> Bool { throw fault }

    private var fault: StoreFault { .locked(place: label, reason: "it was sealed; ostiary vault open opens it") }
}
