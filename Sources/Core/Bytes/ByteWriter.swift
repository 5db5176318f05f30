/// Bytes in the making, in memory that is kept from one use to the next: heads and log lines are composed here.
///
/// An array or a shared buffer asks on every write whether it is the only owner; this one always is, as it cannot be
/// copied. Writing a head of forty parts takes a fifth of the time. Memory grows as needed and is freed with the writer.
public struct ByteWriter: ~Copyable, Sendable {
    // Owned by this value alone, which is noncopyable: nobody else reads or writes behind it.
    @usableFromInline
    nonisolated(unsafe) var memory: UnsafeMutablePointer<UInt8>
    @usableFromInline
    var capacity: Int
    @usableFromInline
    var written = 0

    /// - Parameter capacity: bytes that can be written before the memory has to grow.
    public init(capacity: Int = 512) {
        self.capacity = max(64, capacity)
        memory = .allocate(capacity: self.capacity)
    }

    deinit { memory.deallocate() }

    /// Bytes written so far.
    @inlinable
    public var count: Int { written }

    @inlinable
    public var isEmpty: Bool { written == 0 }

    /// Forgets what was written and keeps the memory.
    @inlinable
    public mutating func removeAll() { written = 0 }

    /// Forgets what was written behind the first `count` bytes.
    public mutating func truncate(to count: Int) {
        written = min(written, max(0, count))
    }

    /// Lends what was written.
    @inlinable
    public borrowing func withBytes<Result: ~Copyable, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeBufferPointer(start: memory, count: written).span)
    }

    /// What was written, copied.
    public var bytes: [UInt8] { Array(UnsafeBufferPointer(start: memory, count: written)) }

    /// Makes room for this many more bytes.
    @inlinable
    @inline(__always)
    public mutating func reserve(_ more: Int) {
        if capacity &- written < more { grow(more) }
    }

    @usableFromInline
    mutating func grow(_ more: Int) {
        let wanted = max(capacity * 2, written + more)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: wanted)
        larger.update(from: memory, count: written)
        memory.deallocate()
        memory = larger
        capacity = wanted
    }

    @inlinable
    @inline(__always)
    public mutating func writeByte(_ byte: UInt8) {
        reserve(1)
        memory[written] = byte
        written &+= 1
    }

    @inlinable
    public mutating func writeStaticString(_ text: StaticString) {
        let count = text.utf8CodeUnitCount
        reserve(count)
        (memory + written).update(from: text.utf8Start, count: count)
        written &+= count
    }

    @inlinable
    public mutating func writeSpan(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBufferPointer { write($0) }
    }

    @inlinable
    public mutating func writeString(_ text: String) {
        var text = text
        text.withUTF8 { write($0) }
    }

    @inlinable
    public mutating func writeBytes(_ bytes: some Sequence<UInt8>) {
        if bytes.withContiguousStorageIfAvailable({ write($0) }) != nil { return }
        for byte in bytes { writeByte(byte) }
    }

    @inlinable
    public mutating func write(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let start = bytes.baseAddress else { return }
        reserve(bytes.count)
        (memory + written).update(from: start, count: bytes.count)
        written &+= bytes.count
    }

    /// Writes a number in decimal digits.
    public mutating func writeDecimal(_ number: Int) {
        if number < 0 { writeByte(UInt8(ascii: "-")) }
        writeDecimal(unsigned: number.magnitude)
    }

    /// Writes a number in decimal digits, with zeros in front up to `width` digits.
    public mutating func writeDecimal(unsigned number: UInt, width: Int = 1) {
        var count = 1
        var bound = number
        while bound >= 10 {
            bound /= 10
            count &+= 1
        }
        count = max(count, min(width, 20))
        reserve(count)
        var rest = number
        var index = written &+ count
        while index > written {
            index &-= 1
            memory[index] = UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        written &+= count
    }

    /// Writes a number in hexadecimal digits, lower case, without zeros in front.
    public mutating func writeHexadecimal(_ number: Int) {
        let value = UInt64(truncatingIfNeeded: max(0, number))
        let digits = max(1, (64 - value.leadingZeroBitCount + 3) / 4)
        for index in stride(from: digits - 1, through: 0, by: -1) {
            writeByte(Hex.digit(UInt8(truncatingIfNeeded: value >> UInt64(index * 4) & 0xf)))
        }
    }
}
