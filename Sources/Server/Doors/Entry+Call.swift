import OstiaryCore
import OstiaryModels
import OstiaryWire

extension Entry {
    /// The entry of a call that is refused before it could be read.
    init(_ head: RequestHead, id: RequestID, route: Route?, peer: Peer, started: MonotonicTime, at time: UnixTime) {
        self.init(
            id: id,
            time: time,
            method: head.method,
            route: route?.path,
            status: 0,
            outcome: .cut(.gate),
            peer: peer
        )
        self.started = started
    }

    /// The beginning of a call's entry.
    init(_ call: Call, at time: UnixTime) {
        self.init(
            id: call.id,
            time: time,
            method: call.method,
            route: call.route?.path,
            status: 0,
            outcome: .cut(.gate),
            peer: call.peer
        )
        started = call.started
    }

    /// Notes that the call was refused, or that its connection ended before an answer began: then whatever error that
    /// brought about inside is not the story.
    mutating func refused(_ error: GateError, _ delivery: Delivery) {
        delivered(delivery)
        if let cut = delivery.cut ?? (error.code == .clientGone ? .client : nil) {
            outcome = .cut(cut)
            status = GateError.Code.clientGone.entry.status
            cause = "\(GateError.Code.clientGone.entry.name)"
        } else {
            outcome = .refused(error.code)
            status = error.status
            cause = "\(error.cause)"
        }
    }

    /// Notes what became of a model's answer.
    /// - Parameters:
    ///   - received: bytes of the client's body.
    ///   - isConversation: whether it is an exchange with a model, so that usage is always noted, if by an estimate.
    mutating func answered(_ carried: Carried, askedAt: MonotonicTime?, received: Int, isConversation: Bool) {
        delivered(carried.delivery)
        if let why = carried.cause { cause = "\(why)" }
        let (used, isEstimated) =
            isConversation ? carried.usage(ofQuestion: received) : (carried.usage, carried.isEstimated)
        usage = used.isUnknown ? nil : used
        stop = carried.stop
        isUsageEstimated = isEstimated && usage != nil
        upstreamDuration = askedAt.map { carried.delivery.ended.seconds(since: $0) }
    }

    /// Notes an answer as it went out.
    mutating func delivered(_ delivery: Delivery) {
        status = delivery.status
        outcome = delivery.cut.map { .cut($0) } ?? .answered
        bytesOut = delivery.bytesOut
        duration = delivery.ended.seconds(since: started)
        timeToFirstByte = delivery.status == 0 ? nil : delivery.firstByte.seconds(since: started)
    }
}
