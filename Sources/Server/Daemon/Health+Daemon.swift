import OstiaryCore
import OstiaryVault

extension Health {
    /// `/health` or `/ready` as the admin door answers it: with the store of keys, which is looked at every ten seconds at
    /// most, and the time.
    static func answer(_ call: AdminCall, isReady: Bool) async -> AdminAnswer {
        let office = call.office
        var health = Health(rooms: office.rooms, isDraining: office.house.isClosing, isDetailed: true)
        health.now = office.daemon.clock.now
        if !isReady { health.store = await office.daemon.look(at: office.rooms.store) }
        let (status, body) = isReady ? health.ready : health.live
        return AdminAnswer(status: status, bytes: body)
    }

    static let shape = Shape.object([
        .must(
            "status",
            .word(["ok", "ready", "degraded", "draining", "keys_unavailable"]),
            "degraded: something that `checks` names is not as it should be"
        ),
        .may("version", .text(), "the gate's version"),
        .may("timestamp", .time, "when this was said"),
        .may("checks", .map(.text()), "what was looked at, and how it is"),
        .may("protocol_version", .whole(0...1000), "the version of the gate's protocol"),
        .may("sealed", .text(), "whether bodies are sealed"),
        .may("configuration", .map(.anything), "the configuration in force"),
        .may("keys", .map(.anything), "the issuers' keys"),
        .may("pid", .whole(0...Int.max), "the gate's process"),
    ])
}

extension Daemon {
    /// How the store is: `ok`, `none`, or a fault's kind; nothing of its path.
    func look(at store: (any Store)?) async -> StoreSight {
        guard let store else { return .none }
        let now = clock.monotonic
        if let known = sight.value, now.seconds(since: known.at) < 10 { return known.sight }
        let found: StoreSight
        do throws(AdminError) {
            _ = try await errands.run { () throws(StoreFault) in try store.list().count }
            found = .ok
        } catch {
            switch error.code {
            case "locked": found = .locked
            // Busy is not broken.
            case "overloaded": return .ok
            default: found = .unreadable
            }
        }
        sight.value = (now, found)
        return found
    }
}

/// How the store of keys is.
enum StoreSight: String, Sendable {
    case ok, none, locked, unreadable

    var isGood: Bool { self == .ok || self == .none }
}
