import NIOCore
import OstiaryCore

// The answer's way in: head, body, and where the body goes.
extension UpstreamConnection {
    /// Seconds until a connection that is closed has to be gone.
    private static let closingTime = 5.0

    /// Directs the body to `sink` and returns what had come before.
    func attach(_ sink: any BodySink) -> (held: ByteBuffer?, isEnded: Bool, failure: GateError?) {
        let earlier = held
        held = nil
        let failure = state == .closed && !isBodyEnded ? cutReason : nil
        if !isBodyEnded, failure == nil {
            self.sink = sink
            transport?.setReading(true)
        }
        return (earlier, isBodyEnded, failure)
    }

    /// Gives the provider this long for the rest of its body.
    func boundBody(within seconds: Double) {
        guard state == .body, !isBodyEnded else { return }
        end = min(end, worker.clock.monotonic.advanced(bySeconds: seconds))
        deadline = end
    }

    func readHead(_ bytes: ByteBuffer) {
        do throws(HeadFault) {
            guard let head = try heads.read(bytes) else { return }
            accept(head)
        } catch {
            isBroken = true
            judge(.failure)
            fail(.gone(GateError(.upstreamProtocolError, cause: "malformed_answer")))
            transport?.reset()
        }
    }

    private func accept(_ head: AnswerHead) {
        deadline = end
        self.head = head
        state = .body
        if let verdict = Self.verdict(status: head.status) { judge(verdict) } else { endProbe() }
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

    /// What a status alone says about the provider; `nil` where the rest of the answer decides.
    private static func verdict(status: Int) -> Breaker.Verdict? {
        switch status {
        case 502, 503, 504, 520...529: .failure
        case 500: .doubtful
        default: nil
        }
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

    private func deliver(_ piece: ByteBuffer) {
        if let sink { return sink.piece(piece) }
        if held == nil { held = piece } else { held?.writeImmutableBuffer(piece) }
        if let held, held.readableBytes > EdgeLimits.bodyWindow { transport?.setReading(false) }
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

    /// The body has gone where it belongs; the connection may carry another request.
    func taken() {
        guard isPoolable, state == .body else { return }
        isPoolable = false
        worker.dialler.giveBack(self)
    }
}
