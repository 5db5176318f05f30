import OstiaryCore
import OstiaryIdentity

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What the gate says of itself: whether it lives, and whether it can serve. It never asks a provider.
struct Health {
    let rooms: Rooms
    let isDraining: Bool
    /// Whether the one who asks is the operator.
    var isDetailed = false
    /// For the operator: when it is, and how the store of keys is.
    var now: UnixTime?
    var store: StoreSight?

    /// `/health`: trouble with keys is shown and no reason to be restarted.
    var live: (status: Int, body: [UInt8]) {
        guard !isDraining else { return (503, JSONWriter.write(.members(("status", .string("draining"))))) }
        guard store?.isGood ?? true else { return (503, document("degraded")) }
        return (200, document("ok"))
    }

    /// `/ready`: 503 while no issuer's keys can be used.
    var ready: (status: Int, body: [UInt8]) {
        guard !isDraining else { return (503, JSONWriter.write(.members(("status", .string("draining"))))) }
        // One issuer's outage must not take the callers of the others down with it.
        let sets = rooms.verifier.keySets
        let hasKeys = sets.isEmpty || sets.contains { $0.usable > 0 }
        return (hasKeys ? 200 : 503, document(hasKeys ? "ready" : "keys_unavailable"))
    }

    private func document(_ status: String) -> [UInt8] {
        let sets = rooms.verifier.keySets
        var members: [(name: String, value: JSONValue)] = [
            ("status", .string(status)),
            ("version", .string(Version.current)),
            ("protocol_version", .integer(ProtocolVersion.current)),
            ("sealed", .string("off")),
            ("configuration", isDetailed ? rooms.generation.document : rooms.generation.publicDocument),
            (
                "keys",
                .members(
                    ("usable", .integer(sets.reduce(0) { $0 + $1.usable })),
                    ("age_seconds", sets.compactMap(\.ageSeconds).max().map { .integer($0) } ?? .null),
                    ("stale", .bool(sets.contains(where: \.stale)))
                )
            ),
        ]
        if let now { members.append(("timestamp", .time(now))) }
        if let store { members.append(("checks", .members(("store", .string(store.rawValue))))) }
        // Tells two gates apart that share a port.
        if isDetailed { members.append(("pid", .integer(Int(getpid())))) }
        return JSONWriter.write(.object(JSONObject(members: members.map { .init(name: $0.name, value: $0.value) })))
    }
}
