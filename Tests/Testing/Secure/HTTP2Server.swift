import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix
public import NIOSSL

/// A provider that speaks HTTP/2 over TLS through another implementation than the gate's own, and answers by a script.
public final class HTTP2Server: Sendable {
    /// What it does when a request is complete, in order.
    public enum Step: Sendable {
        case head(Int, [(String, String)])
        case data(String)
        case end
        case trailers([(String, String)])
        /// Ends the stream with this code (RFC 9113 section 7).
        case reset(Int)
        /// Goes on when the test says so.
        case wait(Latch)
        /// Says that streams beyond this one are not processed.
        case goAway(last: Int)
        case closeConnection
    }

    public struct Request: Sendable {
        /// The connection's number, and that of the request over all connections, from 0.
        public var connection: Int
        public var number: Int
        /// Names and values, in order.
        public var fields: [(name: String, value: String)] = []
        /// Names of those that must never be put into a table.
        public var secret: [String] = []
        public var body: [UInt8] = []
        public var trailers = 0

        public subscript(name: String) -> String? { fields.first { $0.name == name }?.value }
        public var text: String { String(decoding: body, as: UTF8.self) }
    }

    public struct Record: Sendable {
        public var connections = 0
        public var open = 0
        public var mostStreams = 0
        public var streams = 0
        public var begun = 0
        public var requests: [Request] = []
        /// The codes with which the peer ended streams.
        public var resets: [Int] = []
    }

    /// A whole answer.
    public static func answer(_ body: String, _ fields: [(String, String)] = []) -> [Step] {
        [.head(200, [("content-type", "application/json")] + fields), .data(body), .end]
    }

    public typealias Script = @Sendable (Request) -> [Step]

    public let port: Int
    public let record: Observed<Record>
    private let channel: any Channel

    private init(_ channel: any Channel, _ record: Observed<Record>) {
        self.channel = channel
        self.record = record
        port = channel.localAddress?.port ?? 0
    }

    /// Opens a server for the time of the test.
    /// - Parameters:
    ///   - streams: how many it takes at once on one connection.
    ///   - window: how many bytes it takes of a body before it has read them.
    ///   - readsBodies: false for one that takes no more of a body than its window.
    public static func open<Result>(
        _ identity: TLSConfiguration,
        streams: Int = 100,
        window: Int = 65_535,
        readsBodies: Bool = true,
        script: @escaping Script,
        _ body: (HTTP2Server) async throws -> Result
    ) async throws -> Result {
        var identity = identity
        identity.applicationProtocols = ["h2", "http/1.1"]
        let context = try NIOSSLContext(configuration: identity)
        let record = Observed(Record())
        var connection = NIOHTTP2Handler.ConnectionConfiguration()
        connection.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: streams),
            HTTP2Setting(parameter: .initialWindowSize, value: window),
        ]
        let settings = connection
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 1024)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    var number = 0
                    record.change {
                        number = $0.connections
                        $0.connections += 1
                        $0.open += 1
                    }
                    channel.closeFuture.whenComplete { _ in record.change { $0.open -= 1 } }
                    let tls = NIOSSLServerHandler(context: context)
                    let index = number
                    let http2 = NIOHTTP2Handler(
                        mode: .server,
                        eventLoop: channel.eventLoop,
                        connectionConfiguration: settings,
                        streamConfiguration: .init()
                    ) { stream in
                        stream.eventLoop.makeCompletedFuture {
                            if !readsBodies { try stream.syncOptions?.setOption(.autoRead, value: false) }
                            try stream.pipeline.syncOperations.addHandler(Answering(record, index, script))
                            if !readsBodies { stream.read() }
                        }
                    }
                    try channel.pipeline.syncOperations.addHandlers(tls, http2, Closing())
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        do {
            let result = try await body(HTTP2Server(channel, record))
            try await channel.close().get()
            return result
        } catch {
            try? await channel.close().get()
            throw error
        }
    }

    /// Returns once so many requests are complete.
    @discardableResult
    public func requests(_ count: Int) async throws -> [Request] {
        try await record.wait("\(count) requests") { $0.requests.count >= count }.requests
    }

    private final class Answering: ChannelInboundHandler {
        typealias InboundIn = HTTP2Frame.FramePayload
        private let record: Observed<Record>
        private let script: Script
        private var request: Request
        init(_ record: Observed<Record>, _ connection: Int, _ script: @escaping Script) {
            self.record = record
            self.script = script
            request = Request(connection: connection, number: 0)
        }

        func channelActive(context: ChannelHandlerContext) {
            record.change {
                $0.streams += 1
                $0.mostStreams = max($0.mostStreams, $0.streams)
            }
        }

        func channelInactive(context: ChannelHandlerContext) {
            record.change { $0.streams -= 1 }
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .headers(let headers):
                if request.fields.isEmpty {
                    request.fields = headers.headers.map { ($0.name, $0.value) }
                    request.secret = headers.headers.filter { $0.indexable == .neverIndexed }.map(\.name)
                    record.change {
                        request.number = $0.begun
                        $0.begun += 1
                    }
                } else {
                    request.trailers += 1
                }
                if headers.endStream { answer(context) }
            case .data(let data):
                if case .byteBuffer(let bytes) = data.data { request.body += Array(bytes.readableBytesView) }
                if data.endStream { answer(context) }
            default: break
            }
        }

        private func answer(_ context: ChannelHandlerContext) {
            record.change { $0.requests.append(request) }
            Self.run(script(request)[...], context.channel)
        }

        private static func run(_ steps: ArraySlice<Step>, _ channel: any Channel) {
            guard let step = steps.first else { return }
            let rest = steps.dropFirst()
            switch step {
            case .head(let status, let fields):
                write(.headers(.init(headers: HPACKHeaders([(":status", "\(status)")] + fields))), channel)
            case .data(let text):
                write(.data(.init(data: .byteBuffer(ByteBuffer(string: text)))), channel)
            case .end:
                write(.data(.init(data: .byteBuffer(ByteBuffer()), endStream: true)), channel)
            case .trailers(let fields):
                write(.headers(.init(headers: HPACKHeaders(fields), endStream: true)), channel)
            case .reset(let code):
                write(.rstStream(HTTP2ErrorCode(networkCode: code)), channel)
            case .wait(let latch):
                Task {
                    try? await OstiaryTesting.wait(for: "the test") { latch.isOpen }
                    channel.eventLoop.execute { run(rest, channel) }
                }
                return
            case .goAway(let last):
                let frame = HTTP2Frame(
                    streamID: .rootStream,
                    payload: .goAway(lastStreamID: HTTP2StreamID(last), errorCode: .noError, opaqueData: nil)
                )
                channel.parent?.writeAndFlush(frame, promise: nil)
            case .closeConnection:
                channel.parent?.close(promise: nil)
            }
            run(rest, channel)
        }

        private static func write(_ payload: HTTP2Frame.FramePayload, _ channel: any Channel) {
            channel.writeAndFlush(payload, promise: nil)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            if let closed = error as? NIOHTTP2Errors.StreamClosed {
                record.change { $0.resets.append(closed.errorCode.networkCode) }
            }
            context.close(promise: nil)
        }
    }

    /// Ends a connection whose client speaks something else.
    private final class Closing: ChannelInboundHandler {
        typealias InboundIn = NIOAny

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }
}
