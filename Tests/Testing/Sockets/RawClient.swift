/// A client that sends exactly the bytes it is told and keeps every byte that comes back.
///
/// For one task at a time.
public final class RawClient: @unchecked Sendable {
    // `bytes` and `ending` are touched by one call at a time only, as the type's users promise.
    private var socket: Socket?
    private var bytes: [UInt8] = []
    private var taken = 0

    /// How the server ended the connection.
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

    /// What has come and was not taken as an answer.
    public var unread: [UInt8] { Array(bytes[taken...]) }

    @discardableResult
    public func send(_ text: String) -> Bool { send(text.utf8) }

    /// - Returns: false when the server does not take it.
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
    public func answer(toHEAD: Bool = false, seconds: Double = 10) async throws -> RawMessage {
        try await blocking { [self] in
            while true {
                if let message = RawMessage(bytes[taken...], hasNoBody: toHEAD, isEnded: ending != nil),
                    message.isComplete || ending != nil
                {
                    taken += message.raw.count
                    return message
                }
                guard ending == nil else {
                    throw NothingHappened(
                        "an answer; got \(String(decoding: unread, as: UTF8.self).prefix(200).debugDescription) and \(String(describing: ending))"
                    )
                }
                guard read(seconds) else {
                    throw NothingHappened(
                        "an answer; got \(String(decoding: unread, as: UTF8.self).prefix(200).debugDescription)"
                    )
                }
            }
        }
    }

    /// Reads until this text has come.
    public func receive(until text: String, seconds: Double = 10) async throws {
        try await blocking { [self] in
            while !String(decoding: bytes[taken...], as: UTF8.self).contains(text) {
                guard ending == nil, read(seconds) else { throw NothingHappened("\(text.debugDescription) comes") }
            }
        }
    }

    /// Reads `count` bytes more than were taken, or to the end.
    public func receive(count: Int, seconds: Double = 10) async throws {
        try await blocking { [self] in
            while bytes.count - taken < count, ending == nil {
                guard read(seconds) else { throw NothingHappened("\(count) bytes come") }
            }
        }
    }

    /// Reads to the end of the connection.
    @discardableResult
    public func receiveEnd(seconds: Double = 10) async throws -> Ending {
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
