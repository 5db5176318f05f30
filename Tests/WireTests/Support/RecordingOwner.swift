import NIOCore

@testable import OstiaryWire

/// Keeps what a transport tells its owner, and does what the test wants it to.
final class RecordingOwner: TransportOwner {
    enum Event: Equatable {
        case attached
        case received(String)
        case receivedAll
        case writable(Bool)
        case closed(failed: Bool)
    }

    private(set) var events: [Event] = []
    private(set) var bytes = 0
    /// Every buffer, as it came.
    private(set) var buffers: [ByteBuffer] = []
    var transport: (any Transport)?
    /// Runs when bytes come.
    var whenReceived: ((ByteBuffer) -> Void)?
    var keepsBuffers = false

    var isClosed: Bool { events.contains { if case .closed = $0 { true } else { false } } }
    var text: String { events.map { if case .received(let text) = $0 { text } else { "" } }.joined() }

    func attached(to transport: any Transport) {
        self.transport = transport
        events.append(.attached)
    }

    func received(_ bytes: ByteBuffer) {
        events.append(.received(String(buffer: bytes)))
        self.bytes += bytes.readableBytes
        if keepsBuffers { buffers.append(bytes) }
        whenReceived?(bytes)
    }

    func receivedAll() { events.append(.receivedAll) }
    func writabilityChanged() { events.append(.writable(transport?.isWritable ?? true)) }

    func closed(_ error: (any Error)?) {
        events.append(.closed(failed: error != nil))
        transport = nil
    }
}
