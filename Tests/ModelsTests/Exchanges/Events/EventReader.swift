/// Reads server-sent events the way the standard says (WHATWG HTML, section 9.2.6), slowly and from the whole stream.
struct EventReader {
    struct Event: Equatable {
        var type = ""
        var data = ""
    }

    static func events(_ bytes: [UInt8]) -> [Event] {
        let bytes = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? Array(bytes.dropFirst(3)) : bytes
        var events: [Event] = []
        var event = Event()
        var data: [String] = []
        for line in lines(bytes) {
            if line.isEmpty {
                if !data.isEmpty {
                    event.data = data.joined(separator: "\n")
                    events.append(event)
                }
                event = Event()
                data = []
                continue
            }
            let colon = line.firstIndex(of: UInt8(ascii: ":"))
            if colon == line.startIndex { continue }
            let name = String(decoding: line[..<(colon ?? line.endIndex)], as: UTF8.self)
            var value = colon.map { line[($0 + 1)...] } ?? []
            if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
            let text = String(decoding: value, as: UTF8.self).replacing("\0", with: "\u{FFFD}")
            if name == "data" { data.append(text) }
            if name == "event", !value.contains(0) { event.type = text }
        }
        return events
    }

    /// The lines that are complete.
    private static func lines(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var start = 0
        var index = 0
        while index < bytes.count {
            guard bytes[index] == 0x0a || bytes[index] == 0x0d else {
                index += 1
                continue
            }
            lines.append(bytes[start..<index])
            index += bytes[index] == 0x0d && index + 1 < bytes.count && bytes[index + 1] == 0x0a ? 2 : 1
            start = index
        }
        return lines
    }
}
