import NIOCore

@testable import OstiaryModels

/// A provider's stream is divided into the same events however it is cut, and what goes on reads the same as what came
/// in by the standard, with each line divided by LF alone (SEC-507).
func fuzzStream(_ bytes: [UInt8]) {
    let whole = pass(bytes, [0..<bytes.count])
    let events = EventReader.events(whole)
    demand(!whole.contains(0), "what goes on holds NUL")
    demand(
        whole.indices.allSatisfy { whole[$0] != 0x0d || ($0 + 1 < whole.count && whole[$0 + 1] == 0x0a) },
        "what goes on holds a CR alone"
    )
    // The end of what came may be an event without its empty line, which counts for nothing.
    let came = EventReader.events(bytes)
    demand(events == came, "what goes on says something else")
    for cut in Cuts.of(bytes) {
        demand(EventReader.events(pass(bytes, cut)) == events, "a stream says something else when it is cut")
    }
    // An error that is written behind it is read as an event of its own.
    let ended = EventReader.events(whole + Array("event: error\ndata: last\n\n".utf8))
    demand(ended == events + [.init(type: "error", data: "last")], "an error at the end is not read")
}

/// What goes on of a stream that comes in these pieces: whole events only.
private func pass(_ bytes: [UInt8], _ cut: [Range<Int>]) -> [UInt8] {
    var scanner = EventScanner()
    var out = ByteBuffer()
    // A byte order mark is no part of the first line.
    var held: [UInt8] = []
    let skipped = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
    for piece in cut {
        let range = max(piece.lowerBound, min(skipped, piece.upperBound))..<piece.upperBound
        held += bytes[range]
        var start = 0
        dividing: while true {
            switch scanner.next(in: held.span, from: start) {
            case .event(let end, let isPlain, let hasFields):
                demand(end > start && end <= held.count, "an event ends where it cannot")
                let event = held.span.extracting(start..<end)
                if isPlain {
                    event.withUnsafeBufferPointer { _ = out.writeBytes($0) }
                } else {
                    EventRewriter.write(event, isEvent: hasFields, to: &out)
                }
                start = end
            case .more: break dividing
            case .tooLong:
                demand(false, "a short stream is too long")
                return []
            }
        }
        held.removeFirst(start)
    }
    return Array(out.readableBytesView)
}
