import NIOCore

/// The nine octets before each frame's payload (RFC 9113 section 4.1).
struct FrameHead {
    static let size = 9
    /// The largest payload that either side sends here: the least that every peer takes (section 4.2).
    static let payloadLimit = 16_384

    /// The types of section 6.
    enum Kind {
        static let data: UInt8 = 0x0
        static let headers: UInt8 = 0x1
        static let priority: UInt8 = 0x2
        static let resetStream: UInt8 = 0x3
        static let settings: UInt8 = 0x4
        static let pushPromise: UInt8 = 0x5
        static let ping: UInt8 = 0x6
        static let goAway: UInt8 = 0x7
        static let windowUpdate: UInt8 = 0x8
        static let continuation: UInt8 = 0x9
    }

    enum Flag {
        static let endStream: UInt8 = 0x1
        static let acknowledge: UInt8 = 0x1
        static let endHeaders: UInt8 = 0x4
        static let padded: UInt8 = 0x8
        static let priority: UInt8 = 0x20
    }

    let length: Int
    let kind: UInt8
    let flags: UInt8
    let stream: Int32

    func has(_ flag: UInt8) -> Bool { flags & flag != 0 }

    /// Looks at the head at the buffer's reader index; `nil` while it is not whole.
    init?(peeking bytes: ByteBuffer) {
        let at = bytes.readerIndex
        guard let first = bytes.getInteger(at: at, as: UInt32.self),
            let flags = bytes.getInteger(at: at + 4, as: UInt8.self),
            let stream = bytes.getInteger(at: at + 5, as: UInt32.self)
        else { return nil }
        length = Int(first >> 8)
        kind = UInt8(truncatingIfNeeded: first)
        self.flags = flags
        // The reserved bit is ignored (section 4.1).
        self.stream = Int32(truncatingIfNeeded: stream & 0x7fff_ffff)
    }
}

extension ByteBuffer {
    /// Writes a frame's head.
    mutating func writeFrameHead(_ kind: UInt8, flags: UInt8 = 0, stream: Int32, length: Int) {
        writeInteger(UInt32(truncatingIfNeeded: length) << 8 | UInt32(kind))
        writeInteger(flags)
        writeInteger(stream)
    }

    mutating func writeWindowUpdate(_ stream: Int32, by count: Int) {
        writeFrameHead(FrameHead.Kind.windowUpdate, stream: stream, length: 4)
        writeInteger(UInt32(truncatingIfNeeded: count))
    }

    mutating func writeReset(_ stream: Int32, _ code: HTTP2Code) {
        writeFrameHead(FrameHead.Kind.resetStream, stream: stream, length: 4)
        writeInteger(code.rawValue)
    }

    mutating func writeGoAway(last: Int32, _ code: HTTP2Code, _ reason: StaticString = "") {
        writeFrameHead(FrameHead.Kind.goAway, stream: 0, length: 8 + reason.utf8CodeUnitCount)
        writeInteger(last)
        writeInteger(code.rawValue)
        writeStaticString(reason)
    }

    mutating func writePing(_ word: UInt64, isAnswer: Bool) {
        writeFrameHead(
            FrameHead.Kind.ping,
            flags: isAnswer ? FrameHead.Flag.acknowledge : 0,
            stream: 0,
            length: 8
        )
        writeInteger(word)
    }

    mutating func writeSettings(_ settings: [(name: HTTP2Setting, value: UInt32)]) {
        writeFrameHead(FrameHead.Kind.settings, stream: 0, length: settings.count * 6)
        for (name, value) in settings {
            writeInteger(name.rawValue)
            writeInteger(value)
        }
    }

    mutating func writeSettingsAnswer() {
        writeFrameHead(FrameHead.Kind.settings, flags: FrameHead.Flag.acknowledge, stream: 0, length: 0)
    }
}

/// The settings of RFC 9113 section 6.5.2.
enum HTTP2Setting: UInt16 {
    case headerTableSize = 0x1
    case enablePush = 0x2
    case maxConcurrentStreams = 0x3
    case initialWindowSize = 0x4
    case maxFrameSize = 0x5
    case maxHeaderListSize = 0x6
}
