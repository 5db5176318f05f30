import NIOCore
import OstiaryCore

// What happens when nothing happens, and how a connection is ended from outside.
extension ServerConnection {
    var deadline: MonotonicTime { min(phaseDeadline, sendDeadline) }

    func deadlinePassed(_ now: MonotonicTime) {
        guard sendDeadline > now else {
            // The client takes nothing: for all the gate can know it has left.
            sendDeadline = .never
            phaseDeadline = .never
            door.reached(.sendIdle)
            transport?.reset()
            return
        }
        phaseDeadline = .never
        switch phase {
        case .head where inbound.readableBytes > 0:
            door.reached(.headerTimeout)
            refuse(GateError(.requestTimeout, cause: "head_timeout"))
        case .exchange where !body.isComplete && !answer.isComplete:
            door.reached(pace.nearest)
            clientKeeps = false
            body.fail(GateError(.requestTimeout, cause: "body_timeout"))
            wakeBodyWaiter()
        case .head:
            door.reached(.idle)
            end()
        case .exchange, .lingering:
            end()
        case .closed:
            break
        }
    }

    /// Waits for more of the body, no longer than the client may take.
    func awaitBody() {
        phaseDeadline = pace.wait(from: now, received: body.received, limits: door.limits)
    }

    /// Takes body bytes again after some were handed out.
    func resumeBody() {
        guard !body.isComplete, body.fault == nil, !answer.isComplete else { return }
        awaitBody()
        transport?.setReading(true)
    }

    func sendContinueIfOwed() {
        guard body.owesContinue, !answer.isBegun else { return }
        body.owesContinue = false
        transport?.write(Self.continueHead)
        transport?.flush()
        awaitBody()
    }

    /// Ends an idle connection; one with an exchange goes on and is not kept afterwards. One that has never asked for
    /// anything was made for a request that is on its way.
    func drain() {
        guard phase == .head, inbound.readableBytes == 0 else { return }
        guard requests == 0 else { return end() }
        phaseDeadline = min(phaseDeadline, now.advanced(bySeconds: EdgeLimits.firstCall))
    }

    /// Ends the connection now, in a way the client cannot take for a complete answer.
    func cutOff() {
        guard phase == .exchange, !answer.isComplete else {
            transport?.close()
            return
        }
        guard answer.isBegun else {
            abandon(.shutdown)
            transport?.reset()
            return
        }
        cutAnswer(.shutdown)
        abandon(.shutdown)
    }
}
