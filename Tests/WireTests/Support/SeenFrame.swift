import NIOCore
import NIOHPACK
import OstiaryCore

@testable import OstiaryWire

/// A frame as a client sees it.
struct SeenFrame: Equatable, CustomStringConvertible {
    let kind: UInt8
    let flags: UInt8
    let stream: Int32
    let payload: ByteBuffer

    var isEnd: Bool { flags & FrameHead.Flag.endStream != 0 }
    var text: String { String(buffer: payload) }
    /// The error code of RST_STREAM and GOAWAY.
    var code: HTTP2Code? {
        let at = kind == FrameHead.Kind.goAway ? 4 : 0
        return payload.getInteger(at: payload.readerIndex + at, as: UInt32.self).flatMap(HTTP2Code.init)
    }
    /// The number in WINDOW_UPDATE, or the last stream of GOAWAY.
    var number: Int? { payload.getInteger(at: payload.readerIndex, as: UInt32.self).map { Int($0) } }

    var description: String {
        let names = [
            "DATA", "HEADERS", "PRIORITY", "RST_STREAM", "SETTINGS", "PUSH_PROMISE", "PING", "GOAWAY", "WINDOW_UPDATE",
            "CONTINUATION",
        ]
        let name = Int(kind) < names.count ? names[Int(kind)] : "\(kind)"
        return "\(name)(\(stream), \(flags), \(payload.readableBytes) bytes)"
    }

    /// The frames in these bytes, which must be whole.
    static func all(in bytes: ByteBuffer) -> [SeenFrame] {
        var bytes = bytes
        var frames: [SeenFrame] = []
        while let head = FrameHead(peeking: bytes) {
            bytes.moveReaderIndex(forwardBy: FrameHead.size)
            guard let payload = bytes.readSlice(length: head.length) else { break }
            frames.append(SeenFrame(kind: head.kind, flags: head.flags, stream: head.stream, payload: payload))
        }
        return frames
    }
}

/// Frames to send, written by the test byte by byte where it likes.
enum Frames {
    static let preface = ByteBuffer(staticString: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    static let endStream = FrameHead.Flag.endStream
    static let endHeaders = FrameHead.Flag.endHeaders

    static func frame(_ kind: UInt8, flags: UInt8 = 0, _ stream: Int32 = 0, _ payload: [UInt8] = []) -> ByteBuffer {
        var out = ByteBuffer()
        out.writeFrameHead(kind, flags: flags, stream: stream, length: payload.count)
        out.writeBytes(payload)
        return out
    }

    static func settings(_ settings: [(name: HTTP2Setting, value: UInt32)] = []) -> ByteBuffer {
        var out = ByteBuffer()
        out.writeSettings(settings)
        return out
    }

    static func headers(_ stream: Int32, _ fields: [(String, String)], isEnd: Bool = true) -> ByteBuffer {
        frame(FrameHead.Kind.headers, flags: endHeaders | (isEnd ? endStream : 0), stream, block(fields))
    }

    /// A field block of literals, whatever names and values they have.
    static func block(_ fields: [(String, String)]) -> [UInt8] {
        var bytes: [UInt8] = []
        for (name, value) in fields {
            bytes.append(0)
            for text in [name, value] {
                let octets = Array(text.utf8)
                if octets.count < 127 {
                    bytes.append(UInt8(octets.count))
                } else {
                    var rest = octets.count - 127
                    bytes.append(127)
                    while rest >= 128 {
                        bytes.append(UInt8(rest & 127) | 128)
                        rest >>= 7
                    }
                    bytes.append(UInt8(rest))
                }
                bytes += octets
            }
        }
        return bytes
    }

    static func data(_ stream: Int32, _ text: String, isEnd: Bool = false) -> ByteBuffer {
        frame(FrameHead.Kind.data, flags: isEnd ? endStream : 0, stream, Array(text.utf8))
    }

    static func reset(_ stream: Int32, _ code: HTTP2Code = .cancel) -> ByteBuffer {
        var out = ByteBuffer()
        out.writeReset(stream, code)
        return out
    }

    static func window(_ stream: Int32, _ count: Int) -> ByteBuffer {
        var out = ByteBuffer()
        out.writeWindowUpdate(stream, by: count)
        return out
    }

    static func ping(_ word: UInt64 = 1, isAnswer: Bool = false) -> ByteBuffer {
        var out = ByteBuffer()
        out.writePing(word, isAnswer: isAnswer)
        return out
    }

    /// The least that is a request.
    static func get(_ path: String = "/a", method: String = "GET") -> [(String, String)] {
        [(":method", method), (":scheme", "https"), (":path", path), (":authority", "x")]
    }
}
