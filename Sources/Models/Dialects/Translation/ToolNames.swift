import OstiaryCore

/// Names of tools that fit every provider (R8), and the way back.
///
/// A name of 1 to 64 letters, digits, `_` and `-` stays. Any other becomes its first 55 characters, strangers as `_`,
/// an underscore, and eight digits of its SHA-256: the same each time, so that histories agree.
struct ToolNames: Sendable {
    private var originals: [String: String] = [:]

    /// The name as the provider is to see it.
    mutating func outgoing(_ name: JSONText) -> JSONText {
        let bytes = name.bytes
        if Self.fits(bytes) { return name }
        let short = Self.shortened(bytes)
        originals[short] = String(decoding: bytes, as: UTF8.self)
        return JSONText(short)
    }

    /// The name as the client knows it.
    func incoming(_ name: JSONText) -> JSONText {
        guard !originals.isEmpty, let original = originals[name.string] else { return name }
        return JSONText(original)
    }

    static func fits(_ name: [UInt8]) -> Bool {
        1...64 ~= name.count && name.allSatisfy(isPlain)
    }

    static func shortened(_ name: [UInt8]) -> String {
        let head = name.prefix(55).map { isPlain($0) ? $0 : UInt8(ascii: "_") }
        return String(decoding: head, as: UTF8.self) + "_" + CallerMarks.digest(name)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
