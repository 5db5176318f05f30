import NIOCore
import NIOPosix
import NIOSSL

/// A provider behind TLS that answers each read with the same short document.
struct SecureUpstream {
    let port: Int
    private let channel: any Channel

    static func open<Result>(_ identity: TLSConfiguration, _ body: (SecureUpstream) async throws -> Result) async throws
        -> Result
    {
        let context = try NIOSSLContext(configuration: identity)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(NIOSSLServerHandler(context: context), Answering())
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let result: Result
        do {
            result = try await body(SecureUpstream(port: channel.localAddress?.port ?? 0, channel: channel))
        } catch {
            try? await channel.close().get()
            throw error
        }
        try await channel.close().get()
        return result
    }

    private final class Answering: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let answer = ByteBuffer(string: "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecret")
            context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }
}
