import Foundation
import OstiaryCore
import OstiaryIdentity
import OstiaryServer

/// How virtual keys are told of; never with a key.
enum KeyTelling {
    /// `2027-01-15`, in UTC.
    static func day(_ seconds: Int) -> String {
        String(Date(timeIntervalSince1970: Double(seconds)).ISO8601Format().prefix(10))
    }

    /// A number with s, m, h or d.
    static func seconds(_ text: String) -> Double? {
        guard text.hasSuffix("d") else { return Configuration.seconds(text) }
        return Configuration.seconds(String(text.dropLast()) + "h").map { $0 * 24 }
    }

    static func end(_ record: KeyRecord) -> String {
        record.expires.map { "it is good until \(day($0))" } ?? "it does not expire"
    }

    static func json(_ record: KeyRecord, used: Int?, at now: UnixTime) -> JSONObject {
        func number(_ value: Int?) -> JSONValue { value.map { .integer($0) } ?? .null }
        return JSONObject(members: [
            .init(name: "name", value: .string(record.name)),
            .init(name: "state", value: .string(record.state(at: now).rawValue)),
            .init(name: "created_at", value: .integer(record.created)),
            .init(name: "expires_at", value: number(record.expires)),
            .init(name: "revoked_at", value: number(record.revoked)),
            .init(name: "rotated_at", value: number(record.texts.count > 0 ? record.texts[0].made : nil)),
            .init(name: "last_used_at", value: number(used)),
            .init(name: "scopes", value: .array(record.scopes.map { .string($0) })),
            .init(name: "models", value: record.models.map { .array($0.map { .string($0) }) } ?? .null),
            .init(name: "requests_per_minute", value: number(record.limits.requestsPerMinute)),
            .init(name: "burst", value: number(record.limits.burst)),
            .init(name: "concurrent", value: number(record.limits.concurrent)),
        ])
    }

    static func lines(_ record: KeyRecord, used: Int?, at now: UnixTime) -> [(String, String)] {
        func number(_ value: Int?) -> String { value.map { $0 == 0 ? "no limit" : "\($0)" } ?? "as for everybody" }
        return [
            ("name", record.name), ("state", record.state(at: now).rawValue), ("made", day(record.created)),
            ("expires", record.expires.map(day) ?? "never"), ("last used", used.map(day) ?? "not yet"),
            ("scopes", record.scopes.joined(separator: " ")),
            ("models", record.models?.joined(separator: ", ") ?? "all"),
            ("requests a minute", number(record.limits.requestsPerMinute)), ("burst", number(record.limits.burst)),
            ("concurrent", number(record.limits.concurrent)),
        ]
    }
}

/// A key that was made a moment ago, on its way to who asked for it.
struct FreshKey: ~Copyable {
    let secret: Secret

    init() {
        var random = SystemRandomNumberGenerator()
        secret = VirtualKey.make(random: &random)
    }

    /// Writes it to standard output, as bytes that never were text.
    func tell(_ record: KeyRecord, json: Bool) {
        var parts: [[UInt8]] = [[], [UInt8(ascii: "\n")]]
        if json {
            let rest = KeyTelling.json(record, used: nil, at: UnixTime(seconds: Double(record.texts.first?.made ?? 0)))
            let whole = JSONText.pretty(.object(rest))
            // The key needs no escapes: it has letters, digits and a line below only.
            parts = [Array("{\n  \"key\": \"".utf8), Array(("\"," + whole.dropFirst() + "\n").utf8)]
        }
        try? SystemCall.writeAll(parts[0], to: 1)
        secret.withBytes { bytes in
            var copy = bytes.withUnsafeBufferPointer { Array($0) }
            defer { for index in copy.indices { copy[index] = 0 } }
            try? SystemCall.writeAll(copy, to: 1)
        }
        try? SystemCall.writeAll(parts[1], to: 1)
    }
}
