import Foundation
import OstiaryTesting
import Testing

/// The cases of `vectors/http1`; its README says what the members mean.
struct HTTP1Vectors: Decodable {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        let id: String
        let direction: String
        let expect: String
        let raw: String
        var status: [Int?]?
        var status_also: [Int]?
        var statuses: [Int]?
        var upstream_requests: Int?
        var upstream_requests_max: Int?
        var connection: String?
        var also_ok: String?
        var generate: String?
        var close_after_send: Bool?
        var hold_open: Bool?
        var forwarded_absent: [String]?
        var forwarded_present: [String]?
        var forwarded_absent_value: [String: String]?
        var forwarded: [String: String]?
        var trailer_must_not_act: Bool?

        var testDescription: String { id }

        /// The bytes to send: one for each character.
        func bytes(token: String) -> [UInt8] {
            var bytes: [UInt8] = []
            for (index, part) in raw.components(separatedBy: "{{token}}").enumerated() {
                if index > 0 { bytes += Array(token.utf8) }
                bytes += part.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
            }
            return bytes
        }
    }

    let cases: [Case]

    /// All cases of every file that lies in the folder.
    static let all: [Case] = {
        guard Vectors.has("http1") else { return [] }
        return Vectors.files("http1") { $0.hasSuffix(".json") }.flatMap { file in
            (try? Vectors.decode(HTTP1Vectors.self, "http1", file))?.cases ?? []
        }
    }()

    static func requests(_ expectations: String...) -> [Case] {
        all.filter { $0.direction == "request" && expectations.contains($0.expect) }
    }

    static let responses = all.filter { $0.direction == "response" }
}
