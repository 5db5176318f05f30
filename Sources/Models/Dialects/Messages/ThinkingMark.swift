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
