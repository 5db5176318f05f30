import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix
public import NIOSSL

/// A client that speaks HTTP/2 over TLS through another implementation than the gate's own.
public final class HTTP2Client: Sendable {
    private let channel: any Channel
    private let multiplexer: NIOHTTP2Handler.StreamMultiplexer

    private init(_ channel: any Channel, _ multiplexer: NIOHTTP2Handler.StreamMultiplexer) {
        self.channel = channel
        self.multiplexer = multiplexer
    }

    /// Connects; `h2` is what it offers.
    /// - Parameter window: how many bytes it lets the gate send on each stream untaken.
    public static func connect(
        _ port: Int,
        _ configuration: TLSConfiguration,
        window: Int = 65_535
    ) async throws -> HTTP2Client {
        var configuration = configuration
        configuration.applicationProtocols = ["h2"]
        let context = try NIOSSLContext(configuration: configuration)
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        connection.initialSettings = [
            HTTP2Setting(parameter: .initialWindowSize, value: window), HTTP2Setting(parameter: .enablePush, value: 0),
        ]
        let settings = connection
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let tls = try NIOSSLClientHandler(context: context, serverHostname: "localhost")
                    let http2 = NIOHTTP2Handler(
                        mode: .client,
                        eventLoop: channel.eventLoop,
                        connectionConfiguration: settings,
                        streamConfiguration: .init()
                    ) { $0.eventLoop.makeSucceededVoidFuture() }
                    try channel.pipeline.syncOperations.addHandlers(tls, http2)
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        let multiplexer = try await channel.pipeline.handler(type: NIOHTTP2Handler.self)
            .flatMap { $0.multiplexer }.get()
        return HTTP2Client(channel, multiplexer)
    }

    /// An answer, as far as it has come.
    public struct Answer: Sendable {
        public var status = 0
        /// Names and values, in order.
        public var fields: [(name: String, value: String)] = []
        public var body: [UInt8] = []
        /// The pieces of the body as they came.
        public var pieces: [String] = []
        /// Whether it came to a clean end.
        public var isComplete = false
        /// Whether the stream is over, however it ended.
        public var isOver = false

        public var text: String { String(decoding: body, as: UTF8.self) }
        public subscript(name: String) -> String? { fields.first { $0.name == name }?.value }
    }

    /// Opens a stream with a request's head.
    public func open(
        _ method: String,
        _ path: String,
        fields: [(String, String)] = [],
        isEnd: Bool = true
    ) async throws -> Stream {
        let state = Observed(Answer())
        let promise = channel.eventLoop.makePromise(of: (any Channel).self)
        multiplexer.createStreamChannel(promise: promise) { stream in
            stream.eventLoop.makeCompletedFuture {
                try stream.pipeline.syncOperations.addHandler(Collector(state))
            }
        }
        let stream = try await promise.futureResult.get()
        var headers = HPACKHeaders([
            (":method", method), (":scheme", "https"), (":path", path), (":authority", "localhost"),
        ])
        for (name, value) in fields { headers.add(name: name, value: value) }
        stream.writeAndFlush(HTTP2Frame.FramePayload.headers(.init(headers: headers, endStream: isEnd)), promise: nil)
        return Stream(channel: stream, state: state)
    }

    /// Sends a request and takes its whole answer.
    public func ask(
        _ method: String,
        _ path: String,
        fields: [(String, String)] = [],
        body: String? = nil
    ) async throws -> Answer {
        let stream = try await open(method, path, fields: fields, isEnd: body == nil)
        if let body { stream.send(body, isEnd: true) }
        return try await stream.answer()
    }

    public func leave() { channel.close(promise: nil) }

    /// Returns when the gate has ended the connection.
    public func untilClosed() async throws { try await wait(for: "the connection is closed") { !channel.isActive } }

    /// A request on its way.
    public struct Stream: Sendable {
        fileprivate let channel: any Channel
        fileprivate let state: Observed<Answer>

        public func send(_ text: String, isEnd: Bool = false) {
            let payload = HTTP2Frame.FramePayload.data(
                .init(data: .byteBuffer(ByteBuffer(string: text)), endStream: isEnd)
            )
            channel.writeAndFlush(payload, promise: nil)
        }

        /// Cancels the request.
        public func reset() { channel.close(promise: nil) }

        /// Returns the answer once its head is there.
        public func head() async throws -> Answer { try await state.wait("a head") { $0.status != 0 || $0.isOver } }

        /// Returns the answer once it is over.
        public func answer() async throws -> Answer { try await state.wait("the end of an answer") { $0.isOver } }

        @discardableResult
        public func receive(
            _ what: String,
            until isWanted: @escaping @Sendable (Answer) -> Bool
        ) async throws -> Answer {
            try await state.wait(what) { isWanted($0) || $0.isOver }
        }
    }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = HTTP2Frame.FramePayload
        private let state: Observed<Answer>

        init(_ state: Observed<Answer>) {
            self.state = state
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .headers(let headers):
                state.change { answer in
                    answer.status = headers.headers[":status"].first.flatMap { Int($0) } ?? answer.status
                    answer.fields += headers.headers.map { ($0.name, $0.value) }
                    if headers.endStream { answer.isComplete = true }
                }
            case .data(let data):
                guard case .byteBuffer(let bytes) = data.data else { return }
                state.change { answer in
                    answer.body += Array(bytes.readableBytesView)
                    if bytes.readableBytes > 0 { answer.pieces.append(String(buffer: bytes)) }
                    if data.endStream { answer.isComplete = true }
                }
            default: break
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) {
            state.change { $0.isOver = true }
        }
    }
}
