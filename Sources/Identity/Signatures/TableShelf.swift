import OstiaryCore
import Synchronization

/// The tables of the keys that sign most: at most eight, each made beside the requests once it pays.
///
/// A key gets a place with its first genuine signature, so nobody takes one with a key they cannot sign with, and a
/// table after 32 checks. A place is kept for as long as it is used; when all are taken, that of a key unused for ten
/// minutes is given away, and if there is none, further keys do without a table. Tables are found by the whole key and
/// not by its name: what a key set says of its keys, this does not touch.
final class TableShelf: Sendable {
    static let places = 8
    /// Checks after which a table pays: it costs as much to make and check as some 150 of them, once.
    static let checks = 32
    /// Seconds without a check after which a place can be taken.
    static let idle = 600.0

    private enum Content {
        /// So many checks so far.
        case counting(Int)
        case building
        case table(FixedKey)
    }

    private struct Place {
        let point: AffinePoint
        var used: MonotonicTime
        var content: Content
    }

    private let state = Mutex<[Place]>([])
    private let fill = Gauge()

    /// How many tables there are.
    var tables: Int { Int(clamping: fill.current) }

    /// The tables for this key, if there are.
    func tables(for point: AffinePoint, at moment: MonotonicTime) -> FixedKey? {
        state.withLock { places in
            guard let index = places.firstIndex(where: { $0.point == point }),
                case .table(let key) = places[index].content
            else { return nil }
            places[index].used = moment
            return key
        }
    }

    /// Notes a check that was made without a table; `true` when it is time to make one, which the caller does by
    /// `build`, elsewhere.
    func note(_ point: AffinePoint, genuine: Bool, at moment: MonotonicTime) -> Bool {
        state.withLock { places in
            guard let index = places.firstIndex(where: { $0.point == point }) else {
                if genuine { enter(Place(point: point, used: moment, content: .counting(1)), into: &places) }
                return false
            }
            places[index].used = moment
            guard case .counting(let checks) = places[index].content else { return false }
            guard checks + 1 >= Self.checks else {
                places[index].content = .counting(checks + 1)
                return false
            }
            places[index].content = .building
            return true
        }
    }

    /// Makes and checks the table of a key; `false` if it did not pass, and then nothing here may be relied upon.
    func build(_ point: AffinePoint) -> Bool {
        guard let generator = PointTable.generator, let table = PointTable.checked(point) else { return false }
        state.withLock { places in
            // It may have been given away or cleared meanwhile.
            guard let index = places.firstIndex(where: { $0.point == point }),
                case .building = places[index].content
            else { return }
            places[index].content = .table(FixedKey(generator: generator, key: table))
            count(places)
        }
        return true
    }

    /// Forgets all tables.
    func clear() {
        state.withLock { places in
            places = []
            count(places)
        }
    }

    private func enter(_ place: Place, into places: inout sending [Place]) {
        if places.count >= Self.places {
            let idle = places.firstIndex { place.used.seconds(since: $0.used) > Self.idle }
            guard let idle else { return }
            places.remove(at: idle)
            count(places)
        }
        places.append(place)
    }

    private func count(_ places: [Place]) {
        fill.set(Int64(places.count { if case .table = $0.content { true } else { false } }))
    }
}
