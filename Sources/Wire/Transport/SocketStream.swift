import CEpoll
import Glibc
import NIOCore

/// A connected stream socket on a loop, TCP or Unix: reads when the owner wants, sends what waits, ends.
///
/// One read for each event, into the loop's own memory; one system call for all that is to be sent, as far as the
/// peer takes it; the kernel is asked to tell when there is room only after there was none, and told to be silent
/// only when it has spoken in vain. A request on a kept connection costs a read and a write here and nothing else.
class SocketStream: Pollable {
    /// Who is at the other end.
    enum Side {
        /// A client, who has left when it ends its direction. That is noticed even while nothing is read from it.
        case client
        /// A provider, whose last bytes count as much as its first: its end is noticed when it is read.
        case provider
    }

    /// Bytes that may wait to be sent before a stream pauses its source, and how few let it go on.
    static let watermark = (low: 32 * 1024, high: 64 * 1024)

    private let side: Side
    private var outgoing = OutgoingBytes()
    private var isReading = false
    private(set) final var isOpen = true
    private var isSending = false
    private var hasRoom = true
    private var endsOutput = false
    private var isOutputEnded = false
    private var endsBehindOutput = false
    // Why sending failed: from then on an end of what comes is no clean one, whatever the system says.
    private var failure: (any Error)?
    final var watermark = SocketStream.watermark

    init(_ descriptor: Descriptor, to side: Side, on loop: Loop) {
        self.side = side
        super.init(descriptor, on: loop)
    }

    // MARK: For those who inherit

    /// Bytes have come. They lie in the loop's memory: whoever keeps them, or a slice of them, makes the loop get new
    /// memory, and holds on to 64 KiB for what may be a few bytes; `compacted` is the way to keep them.
    func came(_ bytes: ByteBuffer) {}
    /// What an event brought is over.
    func cameAll() {}
    /// The peer has ended its direction.
    func peerEnded() { end(nil) }
    /// Whether more than the watermark waits has changed.
    func roomChanged() {}
    /// So many bytes have left.
    func left(_ count: Int) {}
    /// The outgoing direction has ended, behind all that was written.
    func outputEnded() {}
    /// The connection is gone.
    func ended(_ error: (any Error)?) {}

    // MARK: Reading

    /// Begins to be watched.
    final func begin(reading: Bool) throws(IOError) {
        isReading = reading
        try watch(for: cepoll_read_hang_up | (reading ? cepoll_in : 0))
    }

    /// Stops or resumes reading. To stop costs nothing: the kernel is told only when bytes come all the same.
    final func setReading(_ isReading: Bool) {
        guard self.isReading != isReading, isOpen else { return }
        self.isReading = isReading
        if isReading { ask(interest | cepoll_in | cepoll_read_hang_up) }
    }

    /// Nothing comes any more that anybody wants; only errors and hang-ups are told.
    final func stopWatchingInput() {
        isReading = false
        if isOpen { ask(interest & ~(cepoll_in | cepoll_read_hang_up)) }
    }

    final override func ready(_ events: UInt32) {
        if events & cepoll_out != 0 { send() }
        guard isOpen, events & ~cepoll_out != 0 else { return }
        if isReading {
            read()
        } else if events & (cepoll_hang_up | cepoll_error) != 0 {
            readOut()
        } else if events & cepoll_read_hang_up != 0, side == .client {
            end(nil)
        } else {
            ask(interest & ~(events & (cepoll_in | cepoll_read_hang_up)))
        }
    }

    /// False when there was nothing to read.
    @discardableResult
    private func read() -> Bool {
        loop.scratch.clear()
        switch loop.receive(from: descriptor) {
        case .bytes(0): peerEnded()
        case .bytes:
            came(loop.scratch)
            if isOpen { cameAll() }
        case .wouldBlock: return false
        case .failed(let code): end(IOError(errnoCode: code, reason: "recv"))
        }
        return true
    }

    /// The connection is gone, and what the kernel still holds of it is all that will ever come.
    private func readOut() {
        guard side == .provider else { return end(pendingFailure) }
        var reads = 0
        // More than any receive buffer holds.
        while isOpen, reads < 4096, read() { reads += 1 }
        end(pendingFailure)
    }

    private var pendingFailure: IOError? {
        let code = descriptor.pendingError
        return code == 0 ? nil : IOError(errnoCode: code, reason: "connection")
    }

    // MARK: Sending

    /// Whether no more than the watermark waits to be sent.
    final var isRoomy: Bool { hasRoom }
    /// Bytes that wait to be sent.
    final var waiting: Int { outgoing.count }

    /// False when the outgoing direction has ended or is about to.
    final var takesOutput: Bool { isOpen && !endsOutput }

    /// Queues bytes; false when the outgoing direction has ended or is about to.
    @discardableResult
    final func queue(_ bytes: ByteBuffer) -> Bool {
        guard takesOutput else { return false }
        guard bytes.readableBytes > 0 else { return true }
        outgoing.append(isFull ? bytes.compacted() : bytes)
        if hasRoom, outgoing.count > watermark.high {
            hasRoom = false
            roomChanged()
        }
        return true
    }

    /// Sends what is queued as far as the peer takes it; the rest follows by itself.
    final func sendAll() {
        // Full already: the kernel will say when it is not.
        if !isFull { send() }
    }

    /// Whether the system has no room: the kernel was asked to say when there is.
    private var isFull: Bool { interest & cepoll_out != 0 }

    private func send() {
        guard isOpen, !isSending else { return }
        isSending = true
        while isOpen, !outgoing.isEmpty {
            let before = outgoing.count
            let sent = outgoing.send(to: descriptor, loop.gather)
            if case .failed(let code) = sent {
                isSending = false
                return fail(IOError(errnoCode: code, reason: "send"))
            }
            left(before - outgoing.count)
            if !hasRoom, outgoing.count < watermark.low {
                hasRoom = true
                roomChanged()
            }
            if case .full = sent { break }
        }
        isSending = false
        guard isOpen else { return }
        if outgoing.isEmpty {
            ask(interest & ~cepoll_out)
            finishOutput()
        } else if !isFull {
            outgoing.compact()
            ask(interest | cepoll_out)
        }
    }

    /// Ends the outgoing direction behind all that is queued.
    final func endOutput() {
        guard isOpen, !endsOutput else { return }
        endsOutput = true
        if outgoing.isEmpty { finishOutput() } else { sendAll() }
    }

    /// Ends the connection behind all that is queued.
    final func endBehindOutput() {
        guard isOpen else { return }
        endsBehindOutput = true
        endsOutput = true
        if outgoing.isEmpty, !isSending { end(nil) } else { sendAll() }
    }

    private func finishOutput() {
        if endsBehindOutput { return end(nil) }
        guard endsOutput, !isOutputEnded else { return }
        isOutputEnded = true
        descriptor.finishWriting()
        outputEnded()
    }

    /// What waits can never be sent. The owner learns of it when it is not in the middle of something, behind what the
    /// peer said before it broke off: a provider may have refused a request whose rest it did not want.
    private func fail(_ error: IOError) {
        outgoing.removeAll()
        endsOutput = true
        isOutputEnded = true
        failure = error
        loop.add(.closure { [self] in if isOpen { readOut() } })
    }

    // MARK: The end

    /// Drops what is queued and resets the connection.
    final func resetNow() {
        guard isOpen else { return }
        descriptor.resetOnClose()
        end(nil)
    }

    /// Ends the connection at once.
    final func end(_ error: (any Error)?) {
        guard isOpen else { return }
        isOpen = false
        outgoing.removeAll()
        closeDescriptor()
        ended(error ?? failure)
    }

    final override func loopEnds() { end(nil) }

    private func ask(_ interest: UInt32) {
        guard !change(to: interest) else { return }
        let code = errno
        loop.add(.closure { [self] in end(IOError(errnoCode: code, reason: "epoll_ctl")) })
    }
}

extension ByteBuffer {
    /// These bytes in memory of their own, when they keep much more of it than they need.
    func compacted() -> ByteBuffer {
        guard readableBytes <= storageCapacity / 4 else { return self }
        var copy = ByteBufferAllocator().buffer(capacity: readableBytes)
        copy.writeImmutableBuffer(self)
        return copy
    }
}
