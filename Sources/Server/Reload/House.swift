import Synchronization

/// The rooms in use. A reload moves the gate from one set of rooms into the next, in one moment for all loops.
final class House: Sendable {
    private let rooms: Mutex<Rooms>
    private let number: Atomic<Int>
    private let closing = Atomic<Bool>(false)

    init(_ rooms: Rooms) {
        self.rooms = Mutex(rooms)
        number = Atomic(rooms.generation.number)
    }

    var current: Rooms { rooms.withLock { $0 } }

    /// The number of the generation in use: what a loop compares with its own before each request.
    var generation: Int { number.load(ordering: .acquiring) }

    /// Whoever asks from now on finds these rooms; who has found others keeps them until done.
    func move(into next: Rooms) {
        rooms.withLock { $0 = next }
        number.store(next.generation.number, ordering: .releasing)
    }

    /// Whether the gate is going down.
    var isClosing: Bool { closing.load(ordering: .relaxed) }
    func beginClosing() { closing.store(true, ordering: .relaxed) }
}
