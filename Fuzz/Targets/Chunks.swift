@testable import OstiaryWire

/// A chunked body gives the same bytes, the same end and the same fault however it is cut, and its bytes in one new
/// chunk are the same body.
func fuzzChunks(_ bytes: [UInt8]) {
    let whole = ChunkedReading(bytes, [0..<bytes.count])
    for cut in Cuts.of(bytes) {
        demand(ChunkedReading(bytes, cut) == whole, "a chunked body changes when it is cut")
    }
    guard let end = whole.end else { return }
    demand(end <= bytes.count && whole.data.count < end, "a chunked body ends behind its bytes")
    var again: [UInt8] = []
    if !whole.data.isEmpty {
        again += Array("\(String(whole.data.count, radix: 16))\r\n".utf8) + whole.data + [0x0d, 0x0a]
    }
    again += Array("0\r\n\r\n".utf8)
    let other = ChunkedReading(again, [0..<again.count])
    demand(other.data == whole.data && other.end == again.count, "a body in one chunk is another")
}

private struct ChunkedReading: Equatable {
    var data: [UInt8] = []
    var end: Int?
    var fault: HeadFault?

    init(_ bytes: [UInt8], _ cut: [Range<Int>]) {
        var reader = ChunkReader()
        for piece in cut {
            let span = bytes.span.extracting(piece)
            var index = 0
            reading: while true {
                let step: ChunkReader.Step
                do throws(HeadFault) {
                    step = try reader.next(span, &index)
                } catch {
                    fault = error
                    return
                }
                switch step {
                case .data(let range):
                    demand(!range.isEmpty && range.upperBound == index, "a step gives no data")
                    data += bytes[piece.lowerBound + range.lowerBound..<piece.lowerBound + range.upperBound]
                case .more:
                    demand(index == span.count, "bytes are left over")
                    break reading
                case .end(let place):
                    demand(reader.isComplete, "a body ends before it is complete")
                    end = piece.lowerBound + place
                    return
                }
            }
        }
    }
}
