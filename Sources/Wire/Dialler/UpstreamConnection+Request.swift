import NIOCore
import OstiaryCore

// The request's way out.
extension UpstreamConnection {
    /// Sends the request, as much of it as is at hand.
    func send(_ request: UpstreamRequest) {
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
            if request.isWhole { transport?.write(ByteBuffer(staticString: "0\r\n\r\n")) }
        } else if !isSmall {
            transport?.write(request.body)
        }
        transport?.flush()
    }

    /// Bodies up to this many bytes are copied behind their head: one write costs less than two.
    private static let copyLimit = 16 * 1024

    func requestSent() {
        isRequestSent = true
        if state == .waitingForHead { setDeadline(settings.headTime) }
    }

    /// Whether more of the request is of use.
    private var takesRequest: Bool { state == .waitingForHead || (state == .body && !isBodyEnded) }

    /// Sends the rest of the request while the answer may already be coming.
    func pump(_ rest: any BodySource, isChunked: Bool) async {
        var rest = rest
        do throws(GateError) {
            while let piece = try await rest.next() {
                guard takesRequest else { return }
                if isChunked { writeChunk(piece) } else { transport?.write(piece) }
                transport?.flush()
                await untilWritable()
                guard takesRequest else { return }
            }
        } catch {
            guard takesRequest else { return }
            judge(.none)
            fail(.gone(error))
            transport?.reset()
            return
        }
        guard takesRequest else { return }
        if isChunked { transport?.write(ByteBuffer(staticString: "0\r\n\r\n")) }
        transport?.flush()
        requestSent()
    }

    /// A provider that takes nothing of a request has as long as one that answers nothing.
    private func untilWritable() async {
        while let transport, !transport.isWritable {
            if state == .waitingForHead { setDeadline(settings.headTime) }
            await withUnsafeContinuation { writableWaiter = $0 }
        }
        if state == .waitingForHead { deadline = end }
    }

    private func writeChunk(_ piece: ByteBuffer) {
        guard piece.readableBytes > 0 else { return }
        transport?.write(worker.composeChunkSize(piece.readableBytes))
        transport?.write(piece)
        transport?.write(ByteBuffer(staticString: "\r\n"))
    }
}
