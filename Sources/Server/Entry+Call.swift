import OstiaryCore
import OstiaryModels
import OstiaryWire

extension Entry {
    /// The beginning of a call's entry.
    init(_ call: Call, at time: UnixTime) {
        self.init(
            id: call.id, time: time, method: call.method, route: call.route?.path, status: 0,
            outcome: .cut(.gate), peer: call.peer)
        started = call.started
    }

    /// Notes that the call was refused, or that its client left before an answer began.
    mutating func refused(_ error: GateError, _ delivery: Delivery) {
        delivered(delivery)
        status = error.status
        outcome = error.code == .clientGone ? .cut(.client) : .refused(error.code)
        cause = "\(error.cause)"
    }

    /// Notes what became of a model's answer.
    mutating func answered(_ carried: Carried, askedAt: MonotonicTime?) {
        delivered(carried.delivery)
        usage = carried.usage.isUnknown ? nil : carried.usage
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
