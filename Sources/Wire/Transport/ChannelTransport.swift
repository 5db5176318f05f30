import NIOCore
import NIOTLS

/// A transport on a NIO channel that carries plain bytes, below it perhaps TLS.
final class ChannelTransport: ChannelDuplexHandler, Transport {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private unowned(safe) let owner: any TransportOwner
    // The codec lives exactly as long as its handler.
    private let retained: AnyObject
    private var context: ChannelHandlerContext?
    private var inReadBatch = false
    private var wantsFlush = false
    private var isReading = true
    private var heldRead = false
    private var isClosing = false
    private var isOver = false
    private var failure: (any Error)?

    init(owner: some TransportOwner) {
        self.owner = owner
        retained = owner
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { owner.attached(to: self) }
    }

    /// Also reached by a connection that failed before it became active, which never becomes inactive.
    func handlerRemoved(context: ChannelHandlerContext) {
        end()
    }

    func channelActive(context: ChannelHandlerContext) {
        owner.attached(to: self)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        inReadBatch = true
        owner.received(unwrapInboundIn(data))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        owner.receivedAll()
        inReadBatch = false
        if wantsFlush {
            wantsFlush = false
            context.flush()
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        owner.writabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
    }

    private func end() {
        context = nil
        guard !isOver else { return }
        isOver = true
        owner.closed(failure)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted(let name)? = event as? TLSUserEvent { owner.secured(applicationProtocol: name) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Whoever closes has no use for what goes wrong with the rest.
        if failure == nil, !isClosing { failure = error }
        context.close(promise: nil)
    }

    func read(context: ChannelHandlerContext) {
        if isReading { context.read() } else { heldRead = true }
    }

    func write(_ bytes: ByteBuffer) {
        context?.write(wrapOutboundOut(bytes), promise: nil)
    }

    func flush() {
        if inReadBatch { wantsFlush = true } else { context?.flush() }
    }

    var isWritable: Bool { context?.channel.isWritable ?? true }

    func setReading(_ isReading: Bool) {
        guard self.isReading != isReading else { return }
        self.isReading = isReading
        if isReading, heldRead {
            heldRead = false
            context?.read()
        }
    }

    func finishWriting() {
        guard let context else { return }
        context.flush()
        context.close(mode: .output, promise: nil)
    }

    func close() {
        guard let context else { return }
        guard !isClosing else { return reset() }
        isClosing = true
        context.flush()
        // A channel closed at once would drop what the peer was too slow to take; its output ends behind all of it.
        let sent = context.eventLoop.makePromise(of: Void.self)
        context.close(mode: .output, promise: sent)
        let channel = context.channel
        sent.futureResult.whenComplete { _ in channel.close(promise: nil) }
    }

    func reset() {
        guard let context else { return }
        // Past the handlers: TLS would say goodbye first, and the peer would take what it has for all there is.
        if let channel = context.channel as? SocketChannel { channel.resetNow() } else { context.close(promise: nil) }
    }
}
