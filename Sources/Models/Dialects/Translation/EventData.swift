import OstiaryCore

/// The data of one server-sent event (WHATWG HTML, section 9.2.6).
enum EventData {
    /// The values of its data lines, joined by line feeds. Other fields are passed over: what an event is, its data
    /// says again.
    static func join(_ bytes: [UInt8], _ event: Range<Int>) -> [UInt8] {
        var data: [UInt8] = []
        var line = event.lowerBound
        var index = event.lowerBound
        var hasLine = false
        while index < event.upperBound {
            index = EventScanner.nextControl(bytes.span, index)
            guard index < event.upperBound else { break }
            guard bytes[index] == 0x0a || bytes[index] == 0x0d else {
                index += 1
                continue
            }
            if index > line, EventScanner.kind(of: bytes.span, line..<index) == .data {
                var value = line + 5
                if value < index, bytes[value] == 0x20 { value += 1 }
                if hasLine { data.append(0x0a) }
                if value < index { data.append(contentsOf: bytes[value..<index]) }
                hasLine = true
            }
            index += 1
            line = index
        }
        return data
    }
}
