import NIOCore

/// Why a field block cannot be decoded. The tables of both sides may differ from here on, so the connection ends with
/// COMPRESSION_ERROR (RFC 9113 section 4.3).
struct CompressionFault: Error, Equatable {}

/// Decodes the field blocks that come over one connection (RFC 7541).
struct FieldBlockReader {
    private var table = DynamicTable()

    /// Decodes one whole block.
    mutating func read(_ block: ByteBuffer, limits: FieldBlock.Limits) throws(CompressionFault) -> FieldBlock {
        var fields = FieldBlock(capacity: min(block.readableBytes * 2 + 256, limits.bytes + 1024))
        try block.withReadableSpan { input throws(CompressionFault) in
            var index = 0
            var isAtStart = true
            while index < input.count {
                let octet = input[index]
                if octet & 0x80 != 0 {
                    try readIndexed(input, &index, &fields, limits)
                } else if octet & 0xe0 == 0x20 {
                    // A change of the table's size is announced before any field (RFC 7541 section 4.2).
                    guard isAtStart, table.resize(to: try integer(input, &index, prefix: 5)) else {
                        throw CompressionFault()
                    }
                    continue
                } else {
                    try readLiteral(input, &index, &fields, limits)
                }
                isAtStart = false
            }
        }
        return fields
    }

    private mutating func readIndexed(
        _ input: Span<UInt8>,
        _ index: inout Int,
        _ fields: inout FieldBlock,
        _ limits: FieldBlock.Limits
    ) throws(CompressionFault) {
        let number = try integer(input, &index, prefix: 7)
        let start = fields.bytes.writerIndex
        if let entry = StaticTable.shared.entry(number) {
            fields.write { _ = $0.writeBytes(StaticTable.shared.bytes[entry.name.lowerBound..<entry.value.upperBound]) }
            let middle = start + entry.name.count
            let end = middle + entry.value.count
            fields.add(entry.verdict, name: start..<middle, value: middle..<end, limits: limits)
        } else if let entry = table.entry(number - StaticTable.count - 1) {
            fields.write { table.copy(entry, withValue: true, to: &$0) }
            let middle = start + entry.nameLength
            let end = middle + entry.valueLength
            fields.add(entry.verdict, name: start..<middle, value: middle..<end, limits: limits)
        } else {
            throw CompressionFault()
        }
    }

    private mutating func readLiteral(
        _ input: Span<UInt8>,
        _ index: inout Int,
        _ fields: inout FieldBlock,
        _ limits: FieldBlock.Limits
    ) throws(CompressionFault) {
        let isRemembered = input[index] & 0x40 != 0
        let number = try integer(input, &index, prefix: isRemembered ? 6 : 4)
        let start = fields.bytes.writerIndex
        if number == 0 {
            try readString(input, &index, &fields)
        } else if let entry = StaticTable.shared.entry(number) {
            fields.write { _ = $0.writeBytes(StaticTable.shared.bytes[entry.name]) }
        } else if let entry = table.entry(number - StaticTable.count - 1) {
            fields.write { table.copy(entry, withValue: false, to: &$0) }
        } else {
            throw CompressionFault()
        }
        let middle = fields.bytes.writerIndex
        try readString(input, &index, &fields)
        let end = fields.bytes.writerIndex
        let verdict = fields.bytes.withReadableSpan { bytes in
            let verdict = FieldVerdict(bytes, name: start..<middle, value: middle..<end)
            if isRemembered { table.insert(bytes, name: start..<middle, value: middle..<end, verdict) }
            return verdict
        }
        fields.add(verdict, name: start..<middle, value: middle..<end, limits: limits)
    }

    /// A string literal (RFC 7541 section 5.2).
    private func readString(
        _ input: Span<UInt8>,
        _ index: inout Int,
        _ fields: inout FieldBlock
    ) throws(CompressionFault) {
        guard index < input.count else { throw CompressionFault() }
        let isCoded = input[index] & 0x80 != 0
        let length = try integer(input, &index, prefix: 7)
        guard length <= input.count - index else { throw CompressionFault() }
        let text = input.extracting(index..<index + length)
        index += length
        guard isCoded else { return fields.write { $0.writeSpan(text) } }
        let isSound = fields.write { bytes in
            var isSound = false
            bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: HuffmanCode.bound(length)) { raw in
                var output = raw.bindMemory(to: UInt8.self).mutableSpan
                let count = HuffmanCode.shared.decode(text, into: &output)
                isSound = count != nil
                return count ?? 0
            }
            return isSound
        }
        guard isSound else { throw CompressionFault() }
    }

    /// An integer with a prefix of so many bits (RFC 7541 section 5.1), up to 2²⁸.
    private func integer(_ input: Span<UInt8>, _ index: inout Int, prefix: Int) throws(CompressionFault) -> Int {
        let mask = (1 << prefix) - 1
        var value = Int(input[index]) & mask
        index += 1
        guard value == mask else { return value }
        var shift = 0
        while index < input.count, shift <= 21 {
            let octet = input[index]
            index += 1
            value += Int(octet & 0x7f) << shift
            if octet & 0x80 == 0 { return value }
            shift += 7
        }
        throw CompressionFault()
    }
}
