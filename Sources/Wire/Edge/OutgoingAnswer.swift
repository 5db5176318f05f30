import OstiaryCore

/// An answer on its way out: which framing was announced, and how much of it is done.
struct OutgoingAnswer: ~Copyable {
    enum State {
        case none
        case streaming(BodyFraming)
        case complete
    }

    var state = State.none
    var status = 0
    var bytesOut = 0
    var firstByte = MonotonicTime(nanoseconds: 0)
    /// Whether the connection outlives the answer; decided when the head is written.
    var keepsConnection = false
    /// Fields that every answer to this request carries, appended as soon as they are known.
    var commonFields = ByteWriter(capacity: 192)
    var cut: Entry.Cut?
    var writableWaiter: UnsafeContinuation<Void, Never>?

    var isBegun: Bool {
        if case .none = state { false } else { true }
    }

    var isComplete: Bool {
        if case .complete = state { true } else { false }
    }

    mutating func reset() {
        state = .none
        status = 0
        bytesOut = 0
        keepsConnection = false
        commonFields.removeAll()
        cut = nil
    }

    func delivery(at now: MonotonicTime) -> Delivery {
        Delivery(status: status, bytesOut: bytesOut, firstByte: firstByte, ended: now, cut: cut)
    }
}
