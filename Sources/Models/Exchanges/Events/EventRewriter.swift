import NIOCore
import OstiaryWire

/// Writes an event anew, so that every reader divides it in the way the standard does (SEC-507): each line ends in LF,
/// unknown fields are left out, as is what a NUL spoils.
enum EventRewriter {
    /// - Parameters:
    ///   - event: whole lines as `EventScanner` found them.
    ///   - isEvent: whether they end with an empty line that sends an event off.
    static func write(_ event: Span<UInt8>, isEvent: Bool, to out: inout ByteBuffer) {
        var line = 0
        var index = 0
        while index < event.count {
            let byte = event[index]
            guard byte == 0x0a || byte == 0x0d else {
                index += 1
                continue
            }
            if index > line { write(event, line..<index, to: &out) }
            index += byte == 0x0d && index + 1 < event.count && event[index + 1] == 0x0a ? 2 : 1
            line = index
        }
        if isEvent { out.writeInteger(UInt8(ascii: "\n")) }
    }

    private static func write(_ bytes: Span<UInt8>, _ line: Range<Int>, to out: inout ByteBuffer) {
        var hasNull = false
        for index in line where bytes[index] == 0 { hasNull = true }
        switch EventScanner.kind(of: bytes, line) {
        case .unknown:
            return
        case .comment, .other:
            if hasNull { return }
        case .data:
            if hasNull {
                for index in line {
                    if bytes[index] == 0 { out.writeStaticString("\u{FFFD}") } else { out.writeInteger(bytes[index]) }
                }
                out.writeInteger(UInt8(ascii: "\n"))
                return
            }
        }
        out.writeSpan(bytes.extracting(line))
        out.writeInteger(UInt8(ascii: "\n"))
    }
}
