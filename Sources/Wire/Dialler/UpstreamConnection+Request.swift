import NIOCore
import OstiaryCore

// The request's way out, in the form of HTTP/1.1.
extension UpstreamConnection {
    /// Writes the request, as much of it as is at hand.
    func write(_ request: UpstreamRequest) {
        let isChunked = request.length == nil
        let isSmall = request.body.readableBytes <= Self.copyLimit
        let out = worker.compose { out in
            out.writeImmutableBuffer(request.head)
            if let length = request.length {
                if request.hasBody { out.writeField("content-length", length) }
            } else {
                out.writeStaticString("transfer-encoding: chunked\r\n")
            }
            out.writeStaticString("\r\n")
            if !isChunked, isSmall { out.writeImmutableBuffer(request.body) }
        }
        transport?.write(out)
        if isChunked {
            writeChunk(request.body)
            if request.isWhole { transport?.write(Self.lastChunk) }
        } else if !isSmall {
            transport?.write(request.body)
        }
        transport?.flush()
    }

    /// Bodies up to this many bytes are copied behind their head: one write costs less than two.
    private static let copyLimit = 16 * 1024

    static var lastChunk: ByteBuffer { ByteBuffer(staticString: "0\r\n\r\n") }

    func writeChunk(_ piece: ByteBuffer) {
        guard piece.readableBytes > 0 else { return }
        transport?.write(worker.composeChunkSize(piece.readableBytes))
        transport?.write(piece)
        transport?.write(ByteBuffer(staticString: "\r\n"))
    }
}
