import NIOCore

/// A transport on a plain socket: no pipeline, no promises, nothing between the codec and the system.
final class SocketTransport: SocketStream, Transport {
    private var owner: (any TransportOwner)?
    private let isForClient: Bool
    private var inReadEvent = false
    private var wantsFlush = false
    private var isClosing = false

    init(_ descriptor: Descriptor, to side: Side, on loop: Loop, owner: any TransportOwner) {
        self.owner = owner
        isForClient = side == .client
        super.init(descriptor, to: side, on: loop)
    }

    /// Begins to read and tells the owner that it is there. An owner that it cannot serve is told that it is closed.
    func start() {
        do throws(IOError) {
            try begin(reading: true)
        } catch {
            return end(error)
        }
        owner?.attached(to: self)
    }

    // MARK: What happens

    override func came(_ bytes: ByteBuffer) {
        inReadEvent = true
        // A request's head is kept until its answer is out; an answer's bytes are sent on before the next event.
        owner?.received(isForClient ? kept(bytes) : bytes)
    }

    private func kept(_ bytes: ByteBuffer) -> ByteBuffer {
        guard bytes.readableBytes <= BufferRing.size else { return bytes.compacted() }
        return bytes.withUnsafeReadableBytes { loop.ring.buffer(copying: $0) }
    }

    override func cameAll() {
        owner?.receivedAll()
        inReadEvent = false
        if wantsFlush {
            wantsFlush = false
            sendAll()
        }
    }

    override func roomChanged() {
        owner?.writabilityChanged()
    }

    override func ended(_ error: (any Error)?) {
        let owner = owner
        self.owner = nil
        owner?.closed(error)
    }

    // MARK: Transport

    func write(_ bytes: ByteBuffer) {
        queue(bytes)
    }

    func flush() {
        if inReadEvent { wantsFlush = true } else { sendAll() }
    }

    var isWritable: Bool { isRoomy }

    func finishWriting() {
        endOutput()
    }

    func close() {
        guard !isClosing else { return reset() }
        isClosing = true
        endBehindOutput()
    }

    func reset() {
        resetNow()
    }
}
