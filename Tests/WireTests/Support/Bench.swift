import NIOCore
import OstiaryCore
import OstiaryTesting

@testable import OstiaryWire

/// A door with a service behind it, on loopback, with a clock that moves by hand.
struct Bench: Sendable {
    let crew: Crew
    let clock: ManualClock
    let door: Door
    let listener: Listener
    let counters: DialCounters

    var port: Int { listener.port ?? 0 }

    /// Runs `body` with an open door and closes it afterwards.
    /// - Parameter service: made once for each worker.
    static func open<Result>(
        limits: EdgeLimits = EdgeLimits(),
        workers: Int = 1,
        trust: Trust = Trust(),
        place: Listener.Place? = nil,
        service: @escaping @Sendable (Worker) -> any EdgeService,
        _ body: (Bench) async throws -> Result
    ) async throws -> Result {
        let clock = ManualClock()
        let counters = DialCounters()
        let crew = Crew(count: workers, clock: clock, trust: trust, counters: counters)
        let door = Door(limits: limits)
        do {
            let listener = try await Listener.open(
                place ?? .address(host: "127.0.0.1", port: 0),
                door: door,
                crew: crew,
                service: service
            )
            let bench = Bench(crew: crew, clock: clock, door: door, listener: listener, counters: counters)
            let result = try await body(bench)
            await bench.close()
            return result
        } catch {
            await crew.stop()
            throw error
        }
    }

    private func close() async {
        await listener.stopAccepting()
        listener.cut()
        await crew.stop()
    }

    func client(receiveBuffer: Int32? = nil) throws -> RawConnection {
        try RawConnection(port: port, receiveBuffer: receiveBuffer)
    }

    /// Moves the clock and looks at every deadline.
    func pass(_ seconds: Double) async throws {
        // What the loops are in the middle of counts from before.
        try await settle()
        clock.advance(seconds)
        try await crew.checkDeadlines()
    }

    /// Returns once everything that the loops know of by now is done.
    func settle() async throws {
        for _ in 0..<3 { try await crew.checkDeadlines() }
    }
}

/// A service made of a closure.
final class ClosureService: EdgeService {
    typealias Answer = @Sendable (Worker, RequestHead, RequestBody, consuming Reply) async -> Void
    private let worker: Worker
    private let closure: Answer

    init(_ worker: Worker, _ closure: @escaping Answer) {
        self.worker = worker
        self.closure = closure
    }

    func answer(_ head: RequestHead, body: RequestBody, peer: Peer, reply: consuming Reply) async {
        await closure(worker, head, body, reply)
    }

    func refusal(_ error: GateError, started: MonotonicTime, peer: Peer) -> Refusal {
        Refusal(
            status: error.status,
            fieldLines: Array("x-refusal: \(error.code)\r\n".utf8),
            body: Array("\(error.cause)".utf8)
        )
    }
}

/// A service that answers everything with its path.
func echoingPaths(_ worker: Worker) -> any EdgeService {
    ClosureService(worker) { _, head, _, reply in
        _ = reply.send(status: 200, body: ByteBuffer(string: head.path))
    }
}

/// A service that reads the whole body and answers with it, or with the error's status and cause.
func echoingBodies(_ worker: Worker) -> any EdgeService {
    ClosureService(worker) { _, _, body, reply in
        var all = ByteBuffer()
        do throws(GateError) {
            while let piece = try await body.next() { all.writeImmutableBuffer(piece) }
            _ = reply.send(status: 200, body: all)
        } catch {
            _ = reply.send(status: error.status, body: ByteBuffer(string: "\(error.cause)"))
        }
    }
}

/// A service that sends every request on to a provider and its answer back.
final class Forwarder: EdgeService {
    private let worker: Worker
    private let target: UpstreamTarget
    private let deliveries: Observed<[Delivery]>?

    init(
        _ worker: Worker,
        to origin: Origin,
        settings: DialSettings = DialSettings(),
        deliveries: Observed<[Delivery]>? = nil
    ) {
        self.worker = worker
        target = UpstreamTarget(origin, settings: settings)
        self.deliveries = deliveries
    }

    static func make(
        to upstream: RecordingUpstream,
        settings: DialSettings = DialSettings(),
        deliveries: Observed<[Delivery]>? = nil
    ) -> @Sendable (Worker) -> any EdgeService {
        let port = upstream.port
        return { worker in
            Forwarder(
                worker,
                to: Origin("http://127.0.0.1:\(port)") ?? Origin(socketPath: ""),
                settings: settings,
                deliveries: deliveries
            )
        }
    }

    func answer(_ head: RequestHead, body: RequestBody, peer: Peer, reply: consuming Reply) async {
        do throws(GateError) {
            let answer = try await ask(head, body)
            let delivery = await reply.relay(answer, naming: { $0 == .contentType ? $0.text : nil }, tap: nil)
            deliveries?.change { $0.append(delivery) }
        } catch {
            let delivery = reply.send(status: error.status, body: ByteBuffer(string: "\(error.code) \(error.cause)"))
            deliveries?.change { $0.append(delivery) }
        }
    }

    private func ask(_ head: RequestHead, _ body: RequestBody) async throws(GateError) -> UpstreamAnswer {
        var out = ByteBuffer(
            string: "\(head.method.rawValue) \(head.path) HTTP/1.1\r\nhost: \(target.origin.authority)\r\n"
        )
        out.writeStaticString("accept: */*\r\n")
        var first = ByteBuffer()
        while !body.isComplete, first.readableBytes == 0 {
            guard let piece = try await body.next() else { break }
            first = piece
        }
        while body.isComplete, let piece = try await body.next() { first.writeImmutableBuffer(piece) }
        let isWhole = body.isComplete
        let request = UpstreamRequest(
            to: target,
            head: out,
            isHEAD: head.method == .head,
            hasBody: head.method == .post,
            body: first,
            length: isWhole ? first.readableBytes : body.declaredLength,
            isWhole: isWhole
        )
        return try await worker.dialler.exchange(
            request,
            rest: isWhole ? nil : body,
            client: body
        )
    }

    func refusal(_ error: GateError, started: MonotonicTime, peer: Peer) -> Refusal {
        Refusal(status: error.status, fieldLines: [], body: Array("\(error.cause)".utf8))
    }
}
