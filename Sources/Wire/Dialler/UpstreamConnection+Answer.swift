import NIOCore
import OstiaryCore

// The answer's way in: head and body.
extension UpstreamConnection {
    /// Seconds until a connection that is closed has to be gone.
    private static let closingTime = 5.0

    func readHead(_ bytes: ByteBuffer) {
        do throws(HeadFault) {
            guard let head = try heads.read(bytes) else { return }
            take(head)
        } catch {
            isBroken = true
            refuseAnswer()
            transport?.reset()
        }
    }

    private func take(_ head: AnswerHead) {
        accept(head)
        let rest = heads.takeRest()
        if head.framing == .none {
            endBody(leftOver: rest.readableBytes)
        } else {
            body = AnswerBodyReader(head.framing)
            if rest.readableBytes > 0 { readBody(rest) }
            // The bytes of a read belong to the loop, which cannot use them again while a stream's head lies in them.
            if !isBodyEnded { self.head = AnswerHead(copying: head) }
            awaitBody()
        }
        settled()
    }

    func readBody(_ bytes: ByteBuffer) {
        guard !isBodyEnded else {
            isBroken = true
            transport?.reset()
            return
        }
        var bytes = bytes
        while state == .body {
            let step: AnswerBodyReader.Step
            do throws(HeadFault) {
                step = try body.next(&bytes)
            } catch {
                isBroken = true
                cutReason = GateError(.upstreamProtocolError, cause: "malformed_body")
                transport?.reset()
                return
            }
            switch step {
            case .piece(let piece): deliver(piece)
            case .more: return
            case .end(let leftOver): return endBody(leftOver: leftOver)
            }
        }
    }

    func endBody(leftOver: Int) {
        isBodyEnded = true
        judge(.success)
        let isReusable =
            leftOver == 0 && !isBroken && isRequestSent && state == .body
            && head?.keepsConnection == true
        let sink = sink
        self.sink = nil
        if isReusable {
            isPoolable = true
        } else if state != .closed {
            // What of the request was not taken by now never will be.
            setDeadline(Self.closingTime)
            if isRequestSent { transport?.close() } else { transport?.reset() }
        }
        sink?.ended()
    }
}
