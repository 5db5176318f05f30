import NIOCore

@testable import OstiaryWire

/// Frames are the same however the bytes are cut; each brings what its head promised, and what waits is less than one of
/// them (SEC-110).
func fuzzFrames(_ bytes: [UInt8]) {
    let whole = FrameReading(bytes, [0..<bytes.count])
    for cut in Cuts.of(bytes) {
        demand(FrameReading(bytes, cut) == whole, "frames change when they are cut")
    }
}

private struct FrameReading: Equatable {
    private var frames: [String] = []
    private var isRefused = false
    /// What a DATA frame has brought so far.
    private var data: (stream: Int32, bytes: [UInt8], isOpen: Bool) = (0, [], false)

    static func == (left: FrameReading, right: FrameReading) -> Bool {
        left.frames == right.frames && left.isRefused == right.isRefused && left.data.bytes == right.data.bytes
    }

    init(_ bytes: [UInt8], _ cut: [Range<Int>]) {
        var reader = FrameReader()
        for piece in cut {
            reader.take(ByteBuffer(bytes: bytes[piece]))
            do throws(HTTP2Fault) {
                while let step = try reader.next() { add(step) }
            } catch {
                isRefused = true
                return
            }
        }
    }

    private mutating func add(_ step: FrameReader.Step) {
        switch step {
        case .frame(let head, let payload):
            demand(payload.readableBytes == head.length, "a frame is not as long as its head says")
            demand(head.length <= FrameHead.payloadLimit, "a frame is longer than it may be")
            demand(head.stream >= 0, "a stream has a negative number")
            close()
            frames.append("\(head.kind) \(head.flags) \(head.stream) \(Array(payload.readableBytesView))")
        case .data(let piece):
            demand(piece.padding <= piece.flow && piece.flow <= FrameHead.payloadLimit, "a frame counts for too much")
            // The first piece of a frame tells what it counts for; a frame without any bytes counts for none.
            if piece.flow > 0 || piece.isVain || data.stream != piece.stream { close() }
            data.stream = piece.stream
            data.isOpen = true
            data.bytes += piece.bytes.readableBytesView
            if piece.isEnd {
                frames.append("end of \(piece.stream)")
                close()
            }
        }
    }

    private mutating func close() {
        // Where one DATA frame of a stream ends and its next begins means nothing.
        if data.isOpen, !data.bytes.isEmpty { frames.append("\(data.stream): \(data.bytes)") }
        data = (0, [], false)
    }
}
