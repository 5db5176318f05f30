import OstiaryIdentity
import OstiaryWire

/// One event loop's floor of the house: the corridor that its next request takes, and the tokens that the loop has
/// verified.
///
/// Confined to its loop. A request asks for the corridor once, at its beginning, and keeps it to its end: so it is
/// decided by one set of rooms, whatever is reloaded meanwhile, and the rooms are freed when the last such request ends.
final class Floor {
    private let house: House
    private let worker: Worker
    // Outlives the corridors: what one verified is known to be of another generation, and what still holds is kept.
    private let tokens: VerifiedTokens
    private var latest: Corridor

    init(_ house: House, _ worker: Worker) {
        let rooms = house.current
        self.house = house
        self.worker = worker
        tokens = rooms.bearer.makeMemory()
        latest = Corridor(rooms: rooms, worker: worker, tokens: tokens)
    }

    /// The corridor through the rooms in use.
    var corridor: Corridor {
        if latest.rooms.generation.number != house.generation { renew() }
        return latest
    }

    /// Lets go of rooms that are no longer in use, also while no request comes.
    func renew() {
        let rooms = house.current
        guard rooms !== latest.rooms else { return }
        latest = Corridor(rooms: rooms, worker: worker, tokens: tokens)
    }
}
