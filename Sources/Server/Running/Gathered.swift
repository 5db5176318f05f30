import Synchronization

/// The pieces of an answer put together, up to a limit; more is dropped.
public final class Gathered: Sendable {
    private let storage = Mutex<[UInt8]>([])
    private let limit: Int

    public init(limit: Int = 65_536) {
        self.limit = limit
    }

    public func append(_ piece: [UInt8]) {
        storage.withLock { $0 += piece.prefix(limit - min($0.count, limit)) }
    }

    public var bytes: [UInt8] { storage.withLock { $0 } }
}
