import Glibc
import NIOCore
import Synchronization

/// A NIO channel on a connected socket, for connections that need a pipeline: TLS.
///
/// It is what `SocketTransport` is, with NIO's handlers on top: the pipeline says when to read, writes come with
/// promises, and the end goes through the handlers.
///
/// `@unchecked Sendable` is sound because a channel belongs to its loop. What NIO lets other threads ask is answered
/// without touching the loop's state: `isActive` and `isWritable` are atomic, the addresses, the close future and the
/// pipeline are constants once `open` returns, options and all else go through the loop.
final class SocketChannel: SocketStream, @unchecked Sendable {
    let localAddress: SocketAddress?
    let remoteAddress: SocketAddress?
    private let closePromise: EventLoopPromise<Void>
    private(set) lazy var pipeline = ChannelPipeline(channel: self)

    private let active = Atomic<Bool>(false)
    private let writable = Atomic<Bool>(true)
    var autoRead = true
    var allowsHalfClosure = false
    private var isReadAsked = false
    private var isInputEnded = false
    private var isOutputEnded = false

    /// A write whose promise is kept when as many bytes have left as were written up to its end.
    private struct Promised {
        let end: UInt64
        let promise: EventLoopPromise<Void>
    }

    private var promised = CircularBuffer<Promised>()
    private var written: UInt64 = 0
    private var sent: UInt64 = 0
    private var outputPromise: EventLoopPromise<Void>?

    private override init(_ descriptor: Descriptor, to side: Side, on loop: Loop) {
        localAddress = descriptor.localAddress
        remoteAddress = descriptor.remoteAddress
        closePromise = loop.makePromise()
        super.init(descriptor, to: side, on: loop)
    }

    /// Puts a channel on a connected socket, which it owns from now on.
    /// - Parameter makePipeline: adds the handlers, before the channel is active.
    /// - Throws: what `makePipeline` throws, or when the loop cannot watch the socket; the socket is closed then.
    @discardableResult
    static func open(
        _ descriptor: Descriptor,
        to side: Side,
        on loop: Loop,
        _ makePipeline: (any Channel) throws -> Void
    ) throws -> SocketChannel {
        let channel = SocketChannel(descriptor, to: side, on: loop)
        do {
            try makePipeline(channel)
            try channel.begin(reading: false)
        } catch {
            channel.end(error)
            throw error
        }
        channel.activate()
        return channel
    }

    private func activate() {
        pipeline.syncOperations.fireChannelRegistered()
        guard isOpen else { return }
        active.store(true, ordering: .relaxed)
        pipeline.syncOperations.fireChannelActive()
        readOn()
    }

    /// Asks the handlers for the next read, as NIO's channels do by themselves.
    private func readOn() {
        if isOpen, autoRead, !isReadAsked, !isInputEnded { pipeline.syncOperations.read() }
    }

    // MARK: What happens

    override func came(_ bytes: ByteBuffer) {
        isReadAsked = false
        pipeline.syncOperations.fireChannelRead(NIOAny(bytes.compacted()))
    }

    override func cameAll() {
        pipeline.syncOperations.fireChannelReadComplete()
        guard isOpen else { return }
        readOn()
        if !isReadAsked { setReading(false) }
    }

    override func peerEnded() {
        pipeline.syncOperations.fireChannelReadComplete()
        guard isOpen else { return }
        guard allowsHalfClosure, !isOutputEnded, !isInputEnded else { return end(ChannelError.eof) }
        isInputEnded = true
        isReadAsked = false
        stopWatchingInput()
        pipeline.syncOperations.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }

    override func roomChanged() {
        writable.store(isRoomy, ordering: .relaxed)
        pipeline.syncOperations.fireChannelWritabilityChanged()
    }

    override func left(_ count: Int) {
        sent &+= UInt64(count)
        while let first = promised.first, first.end <= sent {
            promised.removeFirst()
            first.promise.succeed()
        }
    }

    override func outputEnded() {
        isOutputEnded = true
        let promise = outputPromise
        outputPromise = nil
        promise?.succeed()
        guard isOpen else { return }
        pipeline.syncOperations.fireUserInboundEventTriggered(ChannelEvent.outputClosed)
    }

    override func ended(_ error: (any Error)?) {
        let wasActive = active.exchange(false, ordering: .relaxed)
        let error = error ?? ChannelError.ioOnClosedChannel
        let lost = promised
        promised = CircularBuffer()
        for write in lost { write.promise.fail(error) }
        let promise = outputPromise
        outputPromise = nil
        promise?.fail(error)
        if wasActive {
            if !(error is ChannelError) { pipeline.syncOperations.fireErrorCaught(error) }
            pipeline.syncOperations.fireChannelInactive()
            pipeline.syncOperations.fireChannelUnregistered()
        }
        // Handlers may be in the middle of something in the pipeline.
        loop.add(
            .closure { [self] in
                removeHandlers(pipeline: pipeline)
                closePromise.succeed()
            }
        )
    }
}

extension SocketChannel: ChannelCore {
    func localAddress0() throws -> SocketAddress {
        guard let localAddress else { throw ChannelError.unknownLocalAddress }
        return localAddress
    }

    func remoteAddress0() throws -> SocketAddress {
        guard let remoteAddress else { throw ChannelError.operationUnsupported }
        return remoteAddress
    }

    // The socket is connected and watched before anybody has the channel.
    func register0(promise: EventLoopPromise<Void>?) { promise?.fail(ChannelError.inappropriateOperationForState) }

    func registerAlreadyConfigured0(promise: EventLoopPromise<Void>?) {
        promise?.fail(ChannelError.inappropriateOperationForState)
    }

    func bind0(to: SocketAddress, promise: EventLoopPromise<Void>?) {
        promise?.fail(ChannelError.operationUnsupported)
    }

    func connect0(to: SocketAddress, promise: EventLoopPromise<Void>?) {
        promise?.fail(ChannelError.operationUnsupported)
    }

    func write0(_ data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard isOpen else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        guard let bytes = tryUnwrapData(data, as: ByteBuffer.self) else {
            promise?.fail(ChannelError.operationUnsupported)
            return
        }
        guard takesOutput else {
            promise?.fail(ChannelError.outputClosed)
            return
        }
        written &+= UInt64(bytes.readableBytes)
        if let promise {
            if written == sent { promise.succeed() } else { promised.append(Promised(end: written, promise: promise)) }
        }
        queue(bytes)
    }

    func flush0() {
        sendAll()
    }

    func read0() {
        guard isOpen, !isInputEnded else { return }
        isReadAsked = true
        setReading(true)
    }

    func close0(error: any Error, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard isOpen else {
            promise?.fail(ChannelError.alreadyClosed)
            return
        }
        switch mode {
        case .all:
            end(error)
            promise?.succeed()
        case .output:
            guard !isOutputEnded else {
                promise?.fail(ChannelError.outputClosed)
                return
            }
            guard !isInputEnded else { return close0(error: error, mode: .all, promise: promise) }
            if let promise {
                if let outputPromise {
                    outputPromise.futureResult.cascade(to: promise)
                } else {
                    outputPromise = promise
                }
            }
            endOutput()
        case .input:
            guard !isInputEnded else {
                promise?.fail(ChannelError.inputClosed)
                return
            }
            guard !isOutputEnded else { return close0(error: error, mode: .all, promise: promise) }
            isInputEnded = true
            isReadAsked = false
            descriptor.finishReading()
            stopWatchingInput()
            promise?.succeed()
            pipeline.syncOperations.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        }
    }

    func triggerUserOutboundEvent0(_ event: Any, promise: EventLoopPromise<Void>?) {
        promise?.fail(ChannelError.operationUnsupported)
    }

    // What no handler wanted.
    func channelRead0(_ data: NIOAny) {}
    func errorCaught0(error: any Error) {}
}

extension SocketChannel: Channel {
    var allocator: ByteBufferAllocator { ByteBufferAllocator() }
    var closeFuture: EventLoopFuture<Void> { closePromise.futureResult }
    var parent: (any Channel)? { nil }
    var isWritable: Bool { writable.load(ordering: .relaxed) }
    var isActive: Bool { active.load(ordering: .relaxed) }
    var eventLoop: any EventLoop { loop }
    var _channelCore: any ChannelCore { self }
}
