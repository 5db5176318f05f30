import NIOCore
import OstiaryCore
import OstiaryTesting

@testable import OstiaryWire

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

    /// Sends to one target, which all workers share.
    init(_ worker: Worker, to target: UpstreamTarget, deliveries: Observed<[Delivery]>? = nil) {
        self.worker = worker
        self.target = target
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

    func answer(_ head: RequestHead, body: RequestBody, peer: Peer, reply: consuming Reply) {
        reply.later { [self] reply in await forward(head, body, reply) }
    }

    private func forward(_ head: RequestHead, _ body: RequestBody, _ reply: consuming Reply) async {
        do throws(GateError) {
            let answer = try await ask(head, body)
            let relay = reply.relay(answer, naming: { $0 == .contentType ? $0.text : nil }, tap: nil)
            let delivery = await relay.untilEnd()
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

    func refusal(_ error: GateError, to head: RequestHead?, started: MonotonicTime, peer: Peer) -> Refusal {
        Refusal(status: error.status, fieldLines: [], body: Array("\(error.cause)".utf8))
    }
}
