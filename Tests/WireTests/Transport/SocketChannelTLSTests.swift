import NIOCore
import NIOSSL
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryWire

/// NIO's TLS on both ends of a pair of sockets, below the transports that the codecs know.
@Suite struct SocketChannelTLSTests {
    private final class TLSBench {
        let loop = Loop(turnedByHand: SystemClock())
        let client = SecuredOwner()
        let server = SecuredOwner()
        let channels: (client: SocketChannel, server: SocketChannel)

        init(isTCP: Bool = false) throws {
            let authority = try Authority()
            let context = try NIOSSLContext(configuration: authority.identity("localhost"))
            let trust = Trust(roots: try authority.roots)
            let (ours, theirs) = try SocketBench.descriptors(isTCP: isTCP)
            let serverChannel = try SocketChannel.open(ours, to: .client, on: loop) { [server] channel in
                try channel.pipeline.syncOperations.addHandlers(
                    NIOSSLServerHandler(context: context),
                    ChannelTransport(owner: server)
                )
            }
            let clientChannel = try SocketChannel.open(theirs, to: .provider, on: loop) { [client] channel in
                try channel.pipeline.syncOperations.addHandlers(
                    try trust.clientHandler(host: "localhost"),
                    ChannelTransport(owner: client)
                )
            }
            channels = (clientChannel, serverChannel)
            loop.run()
        }

        deinit {
            channels.client.resetNow()
            channels.server.resetNow()
            loop.run()
        }
    }

    @Test func shakesHandsAndCarriesBothWays() throws {
        let bench = try TLSBench()
        #expect(bench.client.isSecured)
        #expect(bench.server.isSecured)
        bench.client.transport?.write(ByteBuffer(string: "question"))
        bench.client.transport?.flush()
        bench.loop.run()
        #expect(bench.server.text == "question")
        bench.server.transport?.write(ByteBuffer(string: "answer"))
        bench.server.transport?.flush()
        bench.loop.run()
        #expect(bench.client.text == "answer")
    }

    @Test func carriesMuchBothWaysAtOnce() throws {
        let bench = try TLSBench(isTCP: true)
        let size = 2_000_000
        for owner in [bench.client, bench.server] {
            owner.transport?.write(ByteBuffer(repeating: 0x61, count: size))
            owner.transport?.flush()
        }
        bench.loop.run()
        #expect(bench.client.count == size)
        #expect(bench.server.count == size)
    }

    @Test func stopsAndGoesOnReading() throws {
        let bench = try TLSBench(isTCP: true)
        bench.client.transport?.setReading(false)
        bench.server.transport?.write(ByteBuffer(repeating: 0x61, count: 20_000_000))
        bench.server.transport?.flush()
        bench.loop.run()
        #expect(bench.client.count < 1_000_000)
        #expect(bench.server.transport?.isWritable == false)
        bench.client.transport?.setReading(true)
        bench.loop.run()
        #expect(bench.client.count == 20_000_000)
        #expect(bench.server.transport?.isWritable == true)
    }

    @Test func closesCleanlyBehindAllThatWaits() throws {
        let bench = try TLSBench(isTCP: true)
        bench.server.transport?.write(ByteBuffer(repeating: 0x61, count: 5_000_000))
        bench.server.transport?.close()
        bench.loop.run()
        #expect(bench.client.count == 5_000_000)
        #expect(bench.client.end == .clean)
        #expect(bench.server.end == .clean)
        #expect(bench.loop.poller.count == 0)
    }

    /// A cut must not look like an end, and TLS would say goodbye.
    @Test func resetsWithoutAGoodbye() throws {
        for isTCP in [true, false] {
            let bench = try TLSBench(isTCP: isTCP)
            bench.server.transport?.write(ByteBuffer(string: "half"))
            bench.server.transport?.flush()
            bench.server.transport?.reset()
            #expect(bench.server.end != nil)
            bench.loop.run()
            #expect(bench.client.end == .failed)
        }
    }

    @Test func tellsACutConnectionFromAnEnd() throws {
        let bench = try TLSBench(isTCP: true)
        bench.channels.server.descriptor.finishWriting()
        bench.loop.run()
        #expect(bench.client.end == .failed)
    }

    final class SecuredOwner: TransportOwner {
        enum End {
            case clean, failed
        }

        var transport: (any Transport)?
        private(set) var isSecured = false
        private(set) var text = ""
        private(set) var count = 0
        private(set) var end: End?

        func attached(to transport: any Transport) { self.transport = transport }
        func secured(applicationProtocol: String?) { isSecured = true }
        func received(_ bytes: ByteBuffer) {
            count += bytes.readableBytes
            if count < 1000 { text += String(buffer: bytes) }
        }
        func receivedAll() {}
        func writabilityChanged() {}
        func closed(_ error: (any Error)?) {
            end = error == nil ? .clean : .failed
            transport = nil
        }
    }
}
