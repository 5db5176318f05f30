import NIOCore

@testable import OstiaryWire

/// The field blocks of one connection, each with its length before it: none holds more than it may, a sound one is a
/// request by the rules that hold for every request, and the bytes of one connection are always decoded the same.
func fuzzFieldBlocks(_ bytes: [UInt8]) {
    demand(blocks(bytes) == blocks(bytes), "a field block is decoded in two ways")
}

private func blocks(_ bytes: [UInt8]) -> [String] {
    var reader = FieldBlockReader()
    var limits = FieldBlock.Limits()
    limits.bytes = 2048
    limits.fields = 20
    var told: [String] = []
    var index = 0
    while index < bytes.count {
        let end = min(bytes.count, index + 1 + Int(bytes[index]))
        let block: FieldBlock
        do throws(CompressionFault) {
            block = try reader.read(ByteBuffer(bytes: bytes[(index + 1)..<end]), limits: limits)
        } catch {
            return told + ["broken"]
        }
        index = end
        demand(block.fields.lines.count <= limits.fields, "a block holds too many fields")
        demand(block.bytes.readableBytes <= limits.bytes + 4096 + 256, "a block holds too many bytes")
        told.append(
            "\(block.fields.lines.count) \(block.fault.map { "\($0)" } ?? "") \(block.excess.map { "\($0)" } ?? "")"
        )
        for isEnd in [true, false] {
            guard let head = try? RequestHead(block, isEnd: isEnd, limits: .init()) else { continue }
            demand(isSettled(head.pathBytes), "the path is not in its one form")
            let declared = head.value(.contentLength).flatMap { Int(String(decoding: $0, as: UTF8.self)) }
            demand(head.framing == (isEnd ? .none : declared.map { .length($0) } ?? .chunked), "a body is framed anew")
            demand(!head.has(.transferEncoding) && !head.has(.connection), "a field about the connection is accepted")
            demand(head.withHost { $0.count > 0 } == true, "a request is for nobody")
            for name in FieldName.allCases where name != .other {
                for value in head.values(name) {
                    demand(value.allSatisfy(OctetClass.fieldValue.contains), "\(name.text) holds a control character")
                }
                demand(!(name.isSingular && head.isRepeated(name)), "\(name.text) occurs twice")
            }
        }
    }
    return told
}
