import Foundation

/// A provider that keeps every byte it is sent, connection by connection, and answers by a script.
public final class RecordingUpstream: Sendable {
    /// What it does when a request has come, in order.
    public enum Step: Sendable {
        case send([UInt8])
        /// Goes on when the test says so; keeps watching for the peer to leave.
        case wait(Latch)
        /// Ends the connection as a program that ends does.
        case close
        case reset
        /// Sends these bytes for as long as the peer takes them.
        case flood([UInt8])
        /// Leaves the rest of the connection to the test, which finds it with `handed`.
        case handOver

        public static func send(_ text: String) -> Step { .send(Array(text.utf8)) }

        /// An answer whose body is short and framed by its length.
        public static func answer(
            _ body: String = #"{"ok":true}"#,
            status: String = "200 OK",
            fields: String = ""
        ) -> Step {
            .send(RecordingUpstream.answer(body, status: status, fields: fields))
        }
    }

    public typealias Script = @Sendable (Request) -> [Step]

    /// When the script is asked.
    public enum Moment: Sendable {
        /// When a request is complete.
        case request
        /// When its head is; the body is left in the socket until the steps are done.
        case head
        /// When the connection is made.
        case connection
    }

    public struct Request: Sendable {
        /// Counts from 0, over all connections.
        public let number: Int
        public let connection: Int
        public let message: RawMessage
    }

    public struct Record: Sendable {
        public var requests: [Request] = []
        /// All bytes of each connection, until it was handed over.
        public var connections: [[UInt8]] = []
        /// Connections that the peer ended.
        public var left: Set<Int> = []
        public var flooded = 0
        /// The connections that were handed over, in this order.
        public var handed: [RawConnection] = []
    }

    public let port: Int
    public let record = Observed(Record())
    private let listening: Socket
    private let isOver = Latch()
    private let moment: Moment
    private let script: Script

    public init(
        at moment: Moment = .request,
        receiveBuffer: Int32? = nil,
        script: @escaping Script = { _ in [.answer()] }
    ) throws {
        (listening, port) = try Socket.listen(receiveBuffer: receiveBuffer)
        self.moment = moment
        self.script = script
        Thread.detachNewThread { [listening, record, isOver, moment, script] in
            while !isOver.isOpen {
                guard let socket = listening.accept(milliseconds: 20) else { continue }
                let index = record.change { record in
                    record.connections.append([])
                    return record.connections.count - 1
                }
                let line = Line(
                    socket: socket,
                    index: index,
                    record: record,
                    isOver: isOver,
                    moment: moment,
                    script: script
                )
                Thread.detachNewThread { line.serve() }
            }
        }
    }

    public var requests: [Request] { record.value.requests }
    /// All bytes of each connection, until it was handed over.
    public var connections: [[UInt8]] { record.value.connections }

    /// Returns when this many requests have come.
    @discardableResult
    public func requests(_ count: Int) async throws -> [Request] {
        try await record.wait("\(count) requests reach the provider") { $0.requests.count >= count }.requests
    }

    /// Returns when the peer has ended this connection.
    public func left(_ connection: Int) async throws {
        try await record.wait("the provider's connection \(connection) ends") { $0.left.contains(connection) }
    }

    /// Returns when this many connections had been handed over before, and one more was.
    public func handed(_ number: Int = 0) async throws -> RawConnection {
        try await record.wait("the provider's side \(number) is handed over") { $0.handed.count > number }.handed[
            number
        ]
    }

    /// Ends every connection, and lets nobody connect any more.
    public func stop() {
        isOver.open()
        listening.end()
    }

    deinit { stop() }
}

/// One connection to the provider.
private struct Line: Sendable {
    let socket: Socket
    let index: Int
    let record: Observed<RecordingUpstream.Record>
    let isOver: Latch
    let moment: RecordingUpstream.Moment
    let script: RecordingUpstream.Script

    func serve() {
        if moment == .connection {
            guard let message = RawMessage(ArraySlice("CONNECTED\r\n\r\n".utf8)), play(note(message), []) else {
                return
            }
        }
        var waiting: [UInt8] = []
        while !isOver.isOpen {
            switch socket.read(milliseconds: 20) {
            case .nothing: continue
            case .end, .reset: return leave()
            case .bytes(let bytes):
                record.change { $0.connections[index] += bytes }
                waiting += bytes
            }
            while moment != .connection, let message = RawMessage(waiting[...]), message.isComplete || moment == .head {
                waiting.removeFirst(message.raw.count)
                let rest = moment == .head ? message.body + waiting : waiting
                guard play(note(message), rest) else { return }
                if moment == .head, !message.isComplete { waiting = [] }
            }
        }
    }

    private func note(_ message: RawMessage) -> RecordingUpstream.Request {
        record.change { record in
            let request = RecordingUpstream.Request(number: record.requests.count, connection: index, message: message)
            record.requests.append(request)
            return request
        }
    }

    private func leave() {
        record.change { _ = $0.left.insert(index) }
    }

    /// - Parameter rest: what came after the request, or after its head.
    /// - Returns: false when the connection is over.
    private func play(_ request: RecordingUpstream.Request, _ rest: [UInt8]) -> Bool {
        for step in script(request) {
            switch step {
            case .send(let bytes): socket.write(bytes)
            case .wait(let latch):
                while !latch.isOpen {
                    guard !isOver.isOpen else { return false }
                    if socket.isLeft {
                        leave()
                        return false
                    }
                    usleep(1000)
                }
            case .close:
                socket.end()
                return false
            case .reset:
                socket.resetOnClose()
                return false
            case .handOver:
                let connection = RawConnection(socket: socket, received: rest)
                record.change { $0.handed.append(connection) }
                return false
            case .flood(let bytes):
                while !isOver.isOpen {
                    guard socket.write(bytes, milliseconds: 50) else {
                        if socket.isLeft { break }
                        continue
                    }
                    record.change { $0.flooded += bytes.count }
                }
            }
        }
        return true
    }
}
