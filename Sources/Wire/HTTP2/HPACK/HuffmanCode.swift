/// The Huffman code of HPACK (RFC 7541 section 5.2, appendix B).
///
/// The code is canonical: the lengths alone determine it, shorter codes first and equal lengths in the order of their
/// symbols.
struct HuffmanCode: Sendable {
    static let shared = HuffmanCode()

    /// The length of each octet's code in bits, and last that of the end of string.
    private static let lengths: [UInt8] = [
        13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
        28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
        6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
        5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
        13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
        7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
        15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
        6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
        20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
        24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
        22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
        21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
        26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
        19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
        20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
        26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
        30,
    ]
    private static let endOfString = 256
    private static let longest = 30
    /// Codes up to this many bits are found in one step.
    private static let shortBits = 10

    /// For the next ten bits the symbol whose code they begin with, above four bits that hold the code's length; 0
    /// where the code is longer.
    private let short: [UInt16]
    /// For each length the first code of the lengths beyond it, with 30 bits.
    private let limits: [UInt32]
    /// For each length its first code, with 30 bits, and where its symbols begin.
    private let firsts: [UInt32]
    private let places: [Int]
    private let symbols: [UInt16]

    private init() {
        let order = Self.lengths.indices.sorted { (Self.lengths[$0], $0) < (Self.lengths[$1], $1) }
        var short = [UInt16](repeating: 0, count: 1 << Self.shortBits)
        var limits = [UInt32](repeating: 0, count: Self.longest + 1)
        var firsts = limits
        var places = [Int](repeating: 0, count: Self.longest + 1)
        var next: UInt32 = 0
        for (place, symbol) in order.enumerated() {
            let length = Int(Self.lengths[symbol])
            let step: UInt32 = 1 << UInt32(Self.longest - length)
            if limits[length] == 0 {
                firsts[length] = next
                places[length] = place
            }
            if length <= Self.shortBits {
                let first = Int(next >> UInt32(Self.longest - Self.shortBits))
                let count = 1 << (Self.shortBits - length)
                for index in first..<first + count { short[index] = UInt16(symbol) << 4 | UInt16(length) }
            }
            next += step
            limits[length] = next
        }
        self.short = short
        self.limits = limits
        self.firsts = firsts
        self.places = places
        symbols = order.map { UInt16($0) }
    }

    /// The most bytes that this many coded ones stand for: no code is shorter than five bits.
    static func bound(_ count: Int) -> Int { count * 8 / 5 + 1 }

    /// Decodes `input` into `output`, which has room for `bound` bytes.
    /// - Returns: how many bytes were written, or `nil` where the coding is broken: the end of string inside, padding
    ///   of a whole octet, or padding that is not the beginning of the end of string.
    func decode(_ input: Span<UInt8>, into output: inout MutableSpan<UInt8>) -> Int? {
        // The bits to come, the first of them highest, and how many of them are there.
        var bits: UInt64 = 0
        var count = 0
        var index = 0
        var written = 0
        let octets = input.bytes
        // Five short codes are never longer than what is at hand after eight octets were looked at. Of the last of them a
        // part may be in `bits` already that is not counted; it is put there once more, the same.
        fast: while index &+ 8 <= octets.byteCount, written &+ 5 <= output.count {
            let word = UInt64(bigEndian: octets.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
            bits |= word >> UInt64(truncatingIfNeeded: count)
            let taken = (63 &- count) &>> 3
            index &+= taken
            count &+= taken &* 8
            for _ in 0..<5 {
                let entry = short[Int(truncatingIfNeeded: bits &>> UInt64(64 &- Self.shortBits))]
                let length = Int(entry & 0xf)
                guard length > 0 else { break fast }
                output[written] = UInt8(truncatingIfNeeded: entry &>> 4)
                written &+= 1
                bits &<<= UInt64(truncatingIfNeeded: length)
                count &-= length
            }
        }
        while true {
            while count <= 56, index < input.count {
                bits |= UInt64(input[index]) << UInt64(56 - count)
                count += 8
                index += 1
            }
            let entry = short[Int(truncatingIfNeeded: bits >> UInt64(64 - Self.shortBits))]
            var length = Int(entry & 0xf)
            var symbol = Int(entry >> 4)
            if length == 0 { (symbol, length) = long(UInt32(truncatingIfNeeded: bits >> UInt64(64 - Self.longest))) }
            guard length <= count else { break }
            guard symbol != Self.endOfString, written < output.count else { return nil }
            output[written] = UInt8(truncatingIfNeeded: symbol)
            written += 1
            bits <<= UInt64(length)
            count -= length
        }
        guard count < 8 else { return nil }
        let padding = count == 0 ? 0 : bits >> UInt64(64 - count)
        return padding == (1 << UInt64(count)) - 1 ? written : nil
    }

    /// The symbol of a code of more than ten bits, from the next 30.
    private func long(_ bits: UInt32) -> (symbol: Int, length: Int) {
        for length in Self.shortBits + 1...Self.longest where bits < limits[length] {
            let place = places[length] + Int((bits &- firsts[length]) >> UInt32(Self.longest - length))
            return (Int(symbols[place]), length)
        }
        return (Self.endOfString, Self.longest)
    }
}
