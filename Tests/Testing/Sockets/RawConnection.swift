/// One end of a connection: sends exactly the bytes it is told and keeps every byte that comes back.
///
/// For one task at a time.
public final class RawConnection: @unchecked Sendable {
    // `bytes` and `ending` are touched by one call at a time only, as the type's users promise.
    private var socket: Socket?
    private var bytes: [UInt8] = []
    private var taken = 0

    /// How the other side ended the connection.
    public enum Ending: Equatable, Sendable {
        case clean, reset
    }

    public private(set) var ending: Ending?

    public init(port: Int, receiveBuffer: Int32? = nil) throws {
        socket = try Socket.connect(port: port, receiveBuffer: receiveBuffer)
    }

    public init(path: String) throws {
        socket = try Socket.connect(path: path)
    }

    /// - Parameter received: what came before and nobody took.
    init(socket: Socket, received: [UInt8]) {
        self.socket = socket
        bytes = received
    }

    /// What has come and was not taken as an answer.
    public var unread: [UInt8] { Array(bytes[taken...]) }

    @discardableResult
    public func send(_ text: String) -> Bool { send(text.utf8) }

    /// - Returns: false when the other side does not take it.
    @discardableResult
    public func send(_ bytes: some Sequence<UInt8>, milliseconds: Int32 = 10_000) -> Bool {
        socket?.write(bytes, milliseconds: milliseconds) ?? false
    }

    public func finishSending() { socket?.finishWriting() }

    /// Leaves as a program that ends does.
    public func leave() { socket = nil }

    /// Leaves with a reset.
    public func reset() {
        socket?.resetOnClose()
        socket = nil
    }

    /// The next answer: complete, or as far as it came before the connection ended. Interim answers (1xx) count.
    public func answer(toHEAD: Bool = false, seconds: Double = 30) async throws -> RawMessage {
        try await blocking { [self] in
            while true {
                if let message = RawMessage(bytes[taken...], hasNoBody: toHEAD, isEnded: ending == .clean),
                    message.isComplete || ending != nil
                {
                    taken += message.raw.count
                    return message
                }
                try readMore(of: "an answer", seconds)
            }
        }
    }

    /// The next answer's head, as soon as it is there. It stays unread: `answer` takes it with its body.
    public func head(seconds: Double = 30) async throws -> RawMessage {
        try await blocking { [self] in
            while true {
                if let message = RawMessage(bytes[taken...]) { return message }
                try readMore(of: "a head", seconds)
            }
        }
    }

    /// Reads until this text has come.
    public func receive(until text: String, seconds: Double = 30) async throws {
        try await blocking { [self] in
            while !String(decoding: bytes[taken...], as: UTF8.self).contains(text) {
                try readMore(of: text.debugDescription, seconds)
            }
        }
    }

    /// Reads `count` bytes more than were taken, or to the end.
    public func receive(count: Int, seconds: Double = 30) async throws {
        try await blocking { [self] in
            while bytes.count - taken < count, ending == nil {
                guard read(seconds) else { throw NothingHappened("\(count) bytes come") }
            }
        }
    }

    /// Reads to the end of the connection.
    @discardableResult
    public func receiveEnd(seconds: Double = 30) async throws -> Ending {
        try await blocking { [self] in
            while ending == nil {
                guard read(seconds) else { throw NothingHappened("the connection ends") }
            }
            return ending ?? .clean
        }
    }

    /// Whether nothing comes and the connection stays for this long.
    public func staysSilent(milliseconds: Int32) async throws -> Bool {
        try await blocking { [self] in socket?.read(milliseconds: milliseconds) == .nothing }
    }

    private func readMore(of what: String, _ seconds: Double) throws {
        guard ending == nil, read(seconds) else {
            let got = String(decoding: unread.prefix(200), as: UTF8.self).debugDescription
            throw NothingHappened("\(what); got \(got)\(ending.map { " and then \($0)" } ?? "")")
        }
    }

    private func read(_ seconds: Double) -> Bool {
        switch socket?.read(milliseconds: Int32(seconds * 1000)) {
        case .bytes(let more): bytes += more
        case .end: ending = .clean
        case .reset: ending = .reset
        case .nothing, nil: return false
        }
        return true
    }
}
