import OstiaryCore

/// Signatures that the gate makes, for thoughts whose provider has none, so that they are known again when the client
/// sends them back (R6).
///
/// What follows the prefix is the other dialect's own proof, if it has one: `ostiary.r.` holds the sealed reasoning of
/// the Responses API, `ostiary.m.` a signature of the Messages API, `ostiary.x.` the content of a sealed block of it.
/// A plain `ostiary.` proves nothing.
enum ThinkingMark {
    static let prefix: StaticString = "ostiary."
    static let sealedByResponses: StaticString = "ostiary.r."
    static let signedByMessages: StaticString = "ostiary.m."
    static let sealedByMessages: StaticString = "ostiary.x."

    /// Whether a string of a document may begin with the prefix.
    static func isPossible(in body: Span<UInt8>) -> Bool {
        let count = prefix.utf8CodeUnitCount
        guard body.count > count else { return false }
        var index = 1
        // The prefix is rare, and so is its last letter behind all the others: most places fail at the first look.
        search: while index + count <= body.count {
            guard body[index + 6] == UInt8(ascii: "y"), body[index - 1] == UInt8(ascii: "\"") else {
                index += 1
                continue
            }
            for offset in 0..<count where body[index + offset] != prefix.utf8Start[offset] {
                index += 1
                continue search
            }
            return true
        }
        return false
    }

    /// Whether a signature is the gate's own work.
    static func isOurs(_ signature: JSONText) -> Bool { signature.starts(with: prefix) }

    static func mark(_ prefix: StaticString, _ proof: JSONText) -> JSONText {
        JSONText(joining: [JSONText("\(prefix)"), proof])
    }

    /// What stands behind the prefix, or `nil` where there is another.
    static func proof(_ signature: JSONText, _ prefix: StaticString) -> JSONText? {
        guard signature.starts(with: prefix) else { return nil }
        return JSONText(String(decoding: signature.bytes.dropFirst(prefix.utf8CodeUnitCount), as: UTF8.self))
    }
}
