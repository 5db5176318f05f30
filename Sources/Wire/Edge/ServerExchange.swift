import NIOCore
import OstiaryCore

/// What an exchange with a client is made of, whichever version of HTTP carries it: who serves it, the body on its way
/// in, the answer on its way out, and who works for it on the provider's side.
///
/// A class for the sake of speed: handles reach these through an existential and still read them in place.
class ServerExchangeState {
    final let worker: Worker
    final let door: Door
    final let peer: Peer
    /// The certificate that the client proved to hold; `nil` without mutual TLS.
    final let certificate: ClientCertificate?
    /// When the first byte of the request was read.
    final var started = MonotonicTime(nanoseconds: 0)
    final var body = IncomingBody()
    final var pace = BodyPace()
    final var answer = OutgoingAnswer()
    final var isHEAD = false
    /// Whether more may follow on the client's connection; false ends it behind the answer.
    final var clientKeeps = true
    /// Who works for this exchange on the provider's side.
    final var partner: (any Partner)?
    /// What waits for something on behalf of this exchange; cancelled when the client leaves.
    final var task: Task<Void, Never>?
    fileprivate final var runs: UInt64 = 0
    fileprivate final var lastEnded: UInt64 = 0

    init(worker: Worker, door: Door, peer: Peer, certificate: ClientCertificate?) {
        self.worker = worker
        self.door = door
        self.peer = peer
        self.certificate = certificate
    }

    final var now: MonotonicTime { worker.now }

    final func wakeBodyWaiter() {
        guard let waiter = body.waiter else { return }
        body.waiter = nil
        waiter.resume()
    }

    final func wakeWriter() {
        guard let waiter = answer.writableWaiter else { return }
        answer.writableWaiter = nil
        waiter.resume()
    }
}

/// What the handles of a request (`RequestBody`, `Reply`, `ReplyStream`, `Relay`) ask of whatever carries it.
///
/// HTTP/1.1 has one exchange at a time on a connection, which reuses one object and counts them by `serial`; over
/// HTTP/2 each stream is an object of its own.
protocol ServerExchange: ServerExchangeState {
    /// Whether the handle with this number is that of the running exchange.
    func isCurrent(_ serial: UInt64) -> Bool
    /// Body bytes that an exchange received.
    func received(by serial: UInt64) -> Int
    /// The right to answer was given up without an answer: a fault of the gate.
    func unanswered(_ serial: UInt64)

    /// Sends a complete answer. Does nothing for an exchange that is over.
    func sendWhole(_ serial: UInt64, _ status: Int, body: ByteBuffer, fields: (inout ByteWriter) -> Void) -> Delivery
    /// Sends a head after which body pieces follow.
    func beginStream(
        _ serial: UInt64,
        _ status: Int,
        length: Int?,
        first: ByteBuffer?,
        fields: (inout ByteWriter) -> Void
    )
    /// Queues a piece of a streamed body.
    func writePiece(_ bytes: ByteBuffer)
    /// Ends a streamed body cleanly.
    func endStream() -> Delivery
    /// Ends a begun answer in a way the client cannot take for complete.
    func cutAnswer(_ cut: Entry.Cut)
    /// Sends what is queued.
    func flushAnswer()
    /// False while so much of the answer waits that its source should pause.
    var takesMore: Bool { get }

    /// Lets the client send more of its body after some of it was taken.
    func resumeBody()
    /// Tells a client that waits for it to send its body.
    func sendContinueIfOwed()
}

extension ServerExchange {
    /// Runs `operation` as this exchange's task; for an exchange that is over it runs cancelled.
    func run(_ serial: UInt64, _ operation: @escaping () async -> Void) {
        runs &+= 1
        let run = runs
        let task = worker.run { [self] in
            await operation()
            // A task keeps the memory of its deepest moment, several KiB, for as long as somebody holds it.
            lastEnded = run
            if run == runs { self.task = nil }
        }
        guard isCurrent(serial) else { return task.cancel() }
        // The task has begun already, and may have ended or handed over to another one.
        if run == runs, lastEnded != run { self.task = task }
    }
}
