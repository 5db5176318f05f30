import NIOCore
import NIOPosix
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// One end of a connection as bytes, so that a test sees what really went over it.
final class RawLine: Sendable {
    /// How the other side ended the connection.
    enum End: Sendable {
        /// Nothing more will come, properly said (FIN).
        case closed
        /// The connection was reset.
        case reset
    }

    private struct State {
        var bytes: [UInt8] = []
        var taken = 0
        var end: End?
        var channel: (any Channel)?
    }

    private let state = Mutex(State())

    /// Connects to a port of loopback or to a socket file.
    static func connect(port: Int) async throws -> RawLine {
        let line = RawLine()
        _ = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { line.attach(to: $0) }
            .connect(host: "127.0.0.1", port: port).get()
        return line
    }

    static func connect(socket: String) async throws -> RawLine {
        let line = RawLine()
        _ = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { line.attach(to: $0) }
            .connect(unixDomainSocketPath: socket).get()
        return line
    }

    func attach(to channel: any Channel) -> EventLoopFuture<Void> {
        state.withLock { $0.channel = channel }
        return channel.pipeline.addHandler(Ear(line: self))
    }

    // MARK: Out

    func send(_ bytes: [UInt8]) {
        guard let channel = state.withLock({ $0.channel }) else { return }
        channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
    }

    func send(_ text: String) { send(Array(text.utf8)) }

    func close() { state.withLock { $0.channel }?.close(promise: nil) }

    /// Leaves without a farewell.
    func reset() {
        guard let channel = state.withLock({ $0.channel }) else { return }
        if let options = channel as? any SocketOptionProvider {
            _ = options.setSoLinger(linger(l_onoff: 1, l_linger: 0))
        }
        channel.close(promise: nil)
    }

    // MARK: In

    /// What has come and was not taken.
    var waiting: [UInt8] { state.withLock { Array($0.bytes[$0.taken...]) } }
    var waitingCount: Int { state.withLock { $0.bytes.count - $0.taken } }
    var end: End? { state.withLock { $0.end } }
    /// Everything that ever came.
    var all: [UInt8] { state.withLock { $0.bytes } }
    var count: Int { state.withLock { $0.bytes.count } }

    func take(_ count: Int) -> [UInt8] {
        state.withLock { state in
            let part = state.bytes[state.taken...].prefix(count)
            state.taken += part.count
            return Array(part)
        }
    }

    fileprivate func heard(_ bytes: ByteBuffer) {
        state.withLock { $0.bytes.append(contentsOf: bytes.readableBytesView) }
    }

    fileprivate func ended(_ end: End) {
        state.withLock { if $0.end == nil { $0.end = end } }
    }
}

/// Hears what comes over a line.
private final class Ear: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    private let line: RawLine

    init(line: RawLine) {
        self.line = line
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { line.heard(unwrapInboundIn(data)) }
    func channelInactive(context: ChannelHandlerContext) { line.ended(.closed) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { line.ended(.closed) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        line.ended(.reset)
        context.close(promise: nil)
    }
}

/// A listening socket on loopback.
final class RawServer: Sendable {
    let port: Int
    private let channel: any Channel

    private init(channel: any Channel, port: Int) {
        self.channel = channel
        self.port = port
    }

    /// - Parameters:
    ///   - port: 0 lets the system choose.
    ///   - serve: what happens on each connection.
    static func open(port: Int = 0, _ serve: @escaping @Sendable (RawLine) async -> Void) async throws -> RawServer {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                let line = RawLine()
                return line.attach(to: channel).map { Task { await serve(line) } }.map { _ in }
            }
            .bind(host: "127.0.0.1", port: port).get()
        return RawServer(channel: channel, port: channel.localAddress?.port ?? 0)
    }

    func close() async {
        try? await channel.close().get()
    }
}
