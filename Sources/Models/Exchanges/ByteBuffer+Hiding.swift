import NIOCore
import OstiaryWire

extension ByteBuffer {
    /// These bytes with `[redacted]` in place of every run of eight bytes or more that `key` has too, wherever in it:
    /// the whole key, its beginning or end, and what is left between the marks of an escaped spelling. Of a shorter key
    /// only the whole is looked for; one of fewer than four bytes is no secret, and is left.
    ///
    /// A clean buffer is returned as it is.
    func hiding(_ key: Span<UInt8>) -> ByteBuffer {
        guard key.count >= Fingerprints.width else { return self }
        return withReadableSpan { bytes in
            var runs = KeyRuns(key)
            var out: ByteBuffer?
            var kept = 0
            while let run = runs.next(in: bytes, key) {
                if out == nil { out = ByteBufferAllocator().buffer(capacity: bytes.count) }
                out?.write(bytes.extracting(kept..<run.lowerBound))
                out?.writeStaticString("[redacted]")
                kept = run.upperBound
            }
            out?.write(bytes.extracting(kept..<bytes.count))
            return out ?? self
        }
    }

    private mutating func write(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBufferPointer { _ = writeBytes($0) }
    }
}

/// Finds the runs that some bytes share with a key, from left to right.
private struct KeyRuns {
    private let shortest: Int
    private let fingerprints: Fingerprints
    private var index = 0

    init(_ key: Span<UInt8>) {
        shortest = min(8, key.count)
        fingerprints = Fingerprints(of: key)
    }

    mutating func next(in bytes: Span<UInt8>, _ key: Span<UInt8>) -> Range<Int>? {
        while index + shortest <= bytes.count {
            let last = index + shortest - Fingerprints.width
            guard fingerprints.mayHave(bytes, at: last) else {
                // No run holds these four bytes, so none begins at or before them.
                index = last + 1
                continue
            }
            let length = Self.longestRun(bytes, index, key)
            guard length >= shortest else {
                index += 1
                continue
            }
            // What a backslash escapes stays with it: the document has to remain readable.
            let isEscaped = index > 0 && bytes[index - 1] == UInt8(ascii: "\\")
            let run = (isEscaped ? index + 1 : index)..<(index + length)
            index += length
            return run
        }
        return nil
    }

    /// How many bytes from `start` on stand in the key in the same order.
    private static func longestRun(_ bytes: Span<UInt8>, _ start: Int, _ key: Span<UInt8>) -> Int {
        var longest = 0
        for offset in key.indices {
            let most = min(key.count - offset, bytes.count - start)
            guard most > longest else { break }
            var length = 0
            while length < most, key[offset + length] == bytes[start + length] { length += 1 }
            longest = max(longest, length)
        }
        return longest
    }
}

/// Which groups of four bytes a key may have: a small table that rules nearly all other text out with one look at
/// every fifth byte, as a provider that refuses everything makes errors the most common answers.
private struct Fingerprints {
    static let width = 4
    private var bits = [UInt64](repeating: 0, count: 64)

    init(of key: Span<UInt8>) {
        for index in 0...(key.count - Self.width) {
            let place = Self.place(key, index)
            bits[place >> 6] |= 1 << UInt64(place & 63)
        }
    }

    func mayHave(_ bytes: Span<UInt8>, at index: Int) -> Bool {
        let place = Self.place(bytes, index)
        return bits[place >> 6] >> UInt64(place & 63) & 1 == 1
    }

    /// A number below 4096.
    private static func place(_ bytes: Span<UInt8>, _ index: Int) -> Int {
        var group: UInt32 = 0
        for offset in 0..<width { group = group << 8 | UInt32(bytes[index + offset]) }
        return Int((group &* 0x9e37_79b1) >> 20)
    }
}
