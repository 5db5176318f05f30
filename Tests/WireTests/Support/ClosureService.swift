import NIOCore
import OstiaryCore

@testable import OstiaryWire

/// A service made of a closure.
final class ClosureService: EdgeService {
    typealias Answer = @Sendable (Worker, RequestHead, RequestBody, consuming Reply) async -> Void
    private let worker: Worker
    private let closure: Answer

    init(_ worker: Worker, _ closure: @escaping Answer) {
        self.worker = worker
        self.closure = closure
    }

    func answer(_ head: RequestHead, body: RequestBody, peer: Peer, reply: consuming Reply) {
        reply.later { [worker, closure] reply in await closure(worker, head, body, reply) }
    }

    func refusal(_ error: GateError, to head: RequestHead?, started: MonotonicTime, peer: Peer) -> Refusal {
        Refusal(
            status: error.status,
            fieldLines: Array("x-refusal: \(error.code)\r\n".utf8),
            body: Array("\(error.cause)".utf8)
        )
    }
}

extension ClosureService {
    /// Answers everything with its path.
    static let paths: Answer = { _, head, _, reply in
        _ = reply.send(status: 200, body: ByteBuffer(string: head.path))
    }

    /// Reads the whole body and answers with it, or with the error's status and cause.
    static let bodies: Answer = { _, _, body, reply in
        var all = ByteBuffer()
        do throws(GateError) {
            while let piece = try await body.next() { all.writeImmutableBuffer(piece) }
            _ = reply.send(status: 200, body: all)
        } catch {
            _ = reply.send(status: error.status, body: ByteBuffer(string: "\(error.cause)"))
        }
    }

    /// Answers at once, whatever the body may be.
    static let refusal: Answer = { _, _, _, reply in _ = reply.send(status: 401, body: ByteBuffer()) }
}

func echoingPaths(_ worker: Worker) -> any EdgeService { ClosureService(worker, ClosureService.paths) }

func echoingBodies(_ worker: Worker) -> any EdgeService { ClosureService(worker, ClosureService.bodies) }
