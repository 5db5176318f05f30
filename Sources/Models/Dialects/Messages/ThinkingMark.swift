import OstiaryCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

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

    /// Whether a string of a document may begin with the prefix. From quote to quote, by the system's search: bodies have
    /// hundreds of kilobytes, most of them in long strings, and hardly one has it.
    static func isPossible(in body: Span<UInt8>) -> Bool {
        let count = prefix.utf8CodeUnitCount
        return body.withUnsafeBufferPointer { bytes in
            guard var place = bytes.baseAddress else { return false }
            let end = place + bytes.count
            while let quote = memchr(place, Int32(UInt8(ascii: "\"")), end - place) {
                place = UnsafePointer(quote.assumingMemoryBound(to: UInt8.self)) + 1
                if end - place >= count, memcmp(place, prefix.utf8Start, count) == 0 { return true }
            }
            return false
        }
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
