import Crypto
public import NIOCore
import NIOPosix
public import NIOSSL
import NIOTLS

/// A client of a door with TLS: sends bytes and keeps what comes.
public final class SecureClient: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var negotiated: String??
        var isClosed = false
        var failure: String?
        var thumbprint: [UInt8]?
    }

    private let channel: any Channel
    private let state: Observed<State>

    private init(_ channel: any Channel, _ state: Observed<State>) {
        self.channel = channel
        self.state = state
    }

    /// How a client greets.
    /// - Parameter leaf: its own certificate.
    public static func configuration(
        _ authority: Authority,
        protocols: [String] = [],
        leaf: Authority.Leaf? = nil
    ) throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = try authority.roots
        configuration.applicationProtocols = protocols
        if let leaf {
            configuration.certificateChain = try leaf.chain
            configuration.privateKey = try leaf.privateKey
        }
        return configuration
    }

    /// Connects and returns when the handshake is over, however it ended.
    public static func connect(_ port: Int, _ configuration: TLSConfiguration) async throws -> SecureClient {
        let context = try NIOSSLContext(configuration: configuration)
        let state = Observed(State())
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let tls = try NIOSSLClientHandler(context: context, serverHostname: "localhost")
                    try channel.pipeline.syncOperations.addHandlers(tls, Collector(state))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        try await state.wait("the handshake is over") { $0.negotiated != nil || $0.isClosed }
        return SecureClient(channel, state)
    }

    /// What was agreed on; `nil` for nothing.
    public var negotiated: String? { state.value.negotiated ?? nil }
    /// The SHA-256 of the gate's certificate.
    public var peerThumbprint: [UInt8]? { state.value.thumbprint }
    public var isClosed: Bool { state.value.isClosed }
    /// Why the connection broke, in the library's words.
    public var failure: String? { state.value.failure }
    public var bytes: [UInt8] { state.value.bytes }

    public func send(_ text: String) { send(ByteBuffer(string: text)) }

    public func send(_ bytes: ByteBuffer) { channel.writeAndFlush(bytes, promise: nil) }

    /// Returns what has come once it is as wanted.
    @discardableResult
    public func receive(
        _ what: String,
        until isWanted: @escaping @Sendable ([UInt8]) -> Bool
    ) async throws -> [UInt8] {
        try await state.wait(what) { isWanted($0.bytes) || $0.isClosed }.bytes
    }

    /// Takes one answer over HTTP/1.1.
    public func answer() async throws -> RawMessage {
        let bytes = try await receive("an answer") { RawMessage($0[...])?.isComplete == true }
        guard let message = RawMessage(bytes[...]) else { throw NothingHappened("an answer") }
        return message
    }

    public func untilClosed() async throws {
        try await state.wait("the connection is closed") { $0.isClosed }
    }

    public func leave() { channel.close(promise: nil) }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let state: Observed<State>

        init(_ state: Observed<State>) {
            self.state = state
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            guard case .handshakeCompleted(let name)? = event as? TLSUserEvent else { return }
            let tls = try? context.pipeline.syncOperations.handler(type: NIOSSLClientHandler.self)
            let der = (try? tls?.peerCertificate?.toDERBytes()) ?? []
            state.change {
                $0.thumbprint = Array(SHA256.hash(data: der))
                $0.negotiated = .some(name)
            }
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = unwrapInboundIn(data)
            state.change { $0.bytes += Array(bytes.readableBytesView) }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            state.change { if $0.failure == nil { $0.failure = "\(error)" } }
            context.close(promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) {
            state.change { $0.isClosed = true }
        }
    }
}
