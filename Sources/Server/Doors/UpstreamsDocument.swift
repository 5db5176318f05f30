import OstiaryCore
import OstiaryModels
import OstiaryVault
import OstiaryWire

/// How the providers and their keys are, for `GET /admin/upstreams`: what the gate knows from the calls it carried. It
/// asks nobody.
enum UpstreamsDocument {
    static func bytes(_ rooms: Rooms) -> [UInt8] {
        let providers = rooms.models.reports(at: rooms.clock.monotonic).map { name, report in
            JSONValue.members(
                ("name", .string(name)),
                ("breaker", .string("\(report.state.name)")),
                ("failures_in_a_row", .integer(report.failuresInARow)),
                ("open_for_seconds", report.seconds.map { .integer(Int($0.rounded(.up))) } ?? .null),
                (
                    "keys",
                    .array(
                        rooms.vault.status(name).map { key in
                            .members(
                                ("source", .string(key.source)),
                                ("state", .string(key.state.rawValue)),
                                ("last_error", key.lastError.map { .string($0) } ?? .null)
                            )
                        }
                    )
                )
            )
        }
        return JSONWriter.write(.members(("providers", .array(providers))))
    }
}
