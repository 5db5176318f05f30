/// The size of an image in pixels, from the beginning of its file: PNG, GIF, JPEG and WebP.
struct ImageSize: Hashable {
    let width: Int
    let height: Int

    /// Base64 characters that are looked at; a JPEG tells its size behind its thumbnail.
    private static let longest = 64 * 1024

    /// - Parameter base64: the file, alone or behind the head of a `data:` URL; `nil` for what is none.
    init?(base64: String) {
        var text = Substring(base64).utf8
        if text.starts(with: "data:".utf8) {
            guard let comma = text.prefix(256).firstIndex(of: UInt8(ascii: ",")) else { return nil }
            text = text[text.index(after: comma)...]
        }
        self.init(Self.decoded(text.prefix(Self.longest)))
    }

    /// - Parameter file: its beginning.
    init?(_ file: [UInt8]) {
        func number(_ index: Int, _ count: Int) -> Int? {
            guard index >= 0, index + count <= file.count else { return nil }
            return file[index..<index + count].reduce(0) { $0 << 8 | Int($1) }
        }
        func little(_ index: Int, _ count: Int) -> Int? {
            guard index >= 0, index + count <= file.count else { return nil }
            return file[index..<index + count].reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        var size: (Int?, Int?) = (nil, nil)
        if file.starts(with: [0x89, 0x50, 0x4e, 0x47]) {
            size = (number(16, 4), number(20, 4))
        } else if file.starts(with: "GIF8".utf8) {
            size = (little(6, 2), little(8, 2))
        } else if file.starts(with: [0xff, 0xd8]) {
            size = Self.jpeg(file)
        } else if file.starts(with: "RIFF".utf8), file.dropFirst(8).starts(with: "WEBP".utf8) {
            if file.dropFirst(12).starts(with: "VP8X".utf8) {
                size = (little(24, 3).map { $0 + 1 }, little(27, 3).map { $0 + 1 })
            } else if file.dropFirst(12).starts(with: "VP8L".utf8) {
                let bits = little(21, 4)
                size = (bits.map { $0 & 0x3fff + 1 }, bits.map { $0 >> 14 & 0x3fff + 1 })
            } else {
                size = (little(26, 2).map { $0 & 0x3fff }, little(28, 2).map { $0 & 0x3fff })
            }
        }
        guard let width = size.0, let height = size.1, 1...65_536 ~= width, 1...65_536 ~= height else { return nil }
        self.width = width
        self.height = height
    }

    /// Goes from segment to segment to the one that begins the picture (ITU T.81, annex B.2.2).
    private static func jpeg(_ file: [UInt8]) -> (Int?, Int?) {
        var index = 2
        while index + 9 < file.count, file[index] == 0xff {
            let marker = file[index + 1]
            let isFrame = 0xc0...0xcf ~= marker && marker != 0xc4 && marker != 0xc8 && marker != 0xcc
            if isFrame {
                let height = Int(file[index + 5]) << 8 | Int(file[index + 6])
                return (Int(file[index + 7]) << 8 | Int(file[index + 8]), height)
            }
            index += 2 + (Int(file[index + 2]) << 8 | Int(file[index + 3]))
        }
        return (nil, nil)
    }

    /// As many bytes as the characters give before one that is none of base64.
    private static func decoded(_ text: some Collection<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(text.count / 4 * 3)
        var bits: UInt32 = 0
        var count = 0
        for character in text {
            let value: UInt8
            switch character {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = character - UInt8(ascii: "A")
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = character - UInt8(ascii: "a") + 26
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = character - UInt8(ascii: "0") + 52
            case UInt8(ascii: "+"), UInt8(ascii: "-"): value = 62
            case UInt8(ascii: "/"), UInt8(ascii: "_"): value = 63
            default: return out
            }
            bits = bits << 6 | UInt32(value)
            count += 1
            guard count % 4 == 0 else { continue }
            out.append(UInt8(truncatingIfNeeded: bits >> 16))
            out.append(UInt8(truncatingIfNeeded: bits >> 8))
            out.append(UInt8(truncatingIfNeeded: bits))
        }
        return out
    }
}
