/// A message head read in the most naive way, to compare with: lines by CRLF, names up to the first colon.
struct HeadLines {
    /// The first line.
    let start: [UInt8]
    /// Names in lower case.
    let fields: [(name: String, value: [UInt8])]

    /// - Parameter bytes: a head that was accepted, with its empty line.
    init(_ bytes: ArraySlice<UInt8>) {
        var lines: [[UInt8]] = []
        var line: [UInt8] = []
        for byte in bytes {
            if byte == 0x0a {
                demand(line.last == 0x0d, "a line of an accepted head ends without CR")
                line.removeLast()
                lines.append(line)
                line = []
            } else {
                demand(byte != 0, "an accepted head holds NUL")
                demand(line.last != 0x0d, "an accepted head holds a CR without LF")
                line.append(byte)
            }
        }
        demand(line.isEmpty && lines.count >= 2 && lines.last == [], "an accepted head does not end in an empty line")
        start = lines.first ?? []
        fields = lines.dropFirst().dropLast().map { line in
            let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
            let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
            let value = line[colon...].dropFirst().drop(while: isBlank)
            let end = value.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? value.startIndex
            return (String(decoding: line[..<colon], as: UTF8.self).lowercased(), Array(value[..<end]))
        }
    }

    func values(_ name: String) -> [[UInt8]] {
        fields.filter { $0.name == name }.map(\.value)
    }
}
