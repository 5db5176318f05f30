import Glibc
import NIOCore
import NIOSSL
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryWire

/// A NIO channel on a socket of our own, on a loop that is turned by hand.
@Suite struct SocketChannelTests {
    /// Notes what a pipeline is told.
    private final class Notes: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        var events: [String] = []
        var text = ""

        func handlerAdded(context: ChannelHandlerContext) { events.append("added") }
        func handlerRemoved(context: ChannelHandlerContext) { events.append("removed") }
        func channelRegistered(context: ChannelHandlerContext) { events.append("registered") }
        func channelUnregistered(context: ChannelHandlerContext) { events.append("unregistered") }
        func channelActive(context: ChannelHandlerContext) {
            events.append("active")
            context.fireChannelActive()
        }
        func channelInactive(context: ChannelHandlerContext) {
            events.append("inactive")
            context.fireChannelInactive()
        }
        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            text += String(buffer: unwrapInboundIn(data))
        }
        func channelReadComplete(context: ChannelHandlerContext) { events.append("read complete") }
        func channelWritabilityChanged(context: ChannelHandlerContext) {
            events.append("writable \(context.channel.isWritable)")
        }
        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) { events.append("\(event)") }
        func errorCaught(context: ChannelHandlerContext, error: any Error) { events.append("error") }
    }

    private final class ChannelBench {
        let loop = Loop(turnedByHand: SystemClock())
        let notes = Notes()
        let channel: SocketChannel
        var peer: Socket?

        init(_ side: SocketStream.Side = .client, isTCP: Bool = false) throws {
            let ours: Descriptor
            (ours, peer) = isTCP ? try SocketBench.connection() : try SocketBench.pair()
            channel = try SocketChannel.open(ours, to: side, on: loop) { [notes] channel in
                try channel.pipeline.syncOperations.addHandler(notes)
            }
        }

        deinit {
            channel.resetNow()
            loop.run()
        }

        func send(_ text: String) {
            peer?.write(text.utf8)
            loop.run()
        }

        /// What became of a promise by now.
        func outcome(_ future: EventLoopFuture<Void>) -> Observed<String> {
            let outcome = Observed("open")
            future.whenComplete { result in
                outcome.change {
                    switch result {
                    case .success: $0 = "kept"
                    case .failure(let error): $0 = "\(error)"
                    }
                }
            }
            return outcome
        }
    }

    @Test func tellsItsPipelineTheWholeStoryInOrder() throws {
        let bench = try ChannelBench()
        bench.send("hello")
        bench.peer?.end()
        bench.loop.run()
        #expect(
            bench.notes.events == [
                "added", "registered", "active", "read complete", "read complete", "inactive", "unregistered",
                "removed",
            ]
        )
        #expect(bench.notes.text == "hello")
        #expect(!bench.channel.isActive)
        #expect(bench.outcome(bench.channel.closeFuture).value == "kept")
    }

    @Test func keepsPromisesWhenTheBytesHaveLeft() throws {
        let bench = try ChannelBench()
        let early = bench.outcome(bench.channel.write(ByteBuffer(string: "a")))
        #expect(early.value == "open")
        let late = bench.outcome(bench.channel.writeAndFlush(ByteBuffer(repeating: 0x62, count: 2_000_000)))
        let behind = bench.outcome(bench.channel.writeAndFlush(ByteBuffer(string: "c")))
        bench.loop.run()
        #expect(early.value == "kept")
        #expect(late.value == "open")
        var count = 0
        while case .bytes(let more) = bench.peer?.read(milliseconds: 0) {
            count += more.count
            bench.loop.run()
        }
        #expect(count == 2_000_002)
        #expect(late.value == "kept")
        #expect(behind.value == "kept")
        #expect(bench.notes.events.suffix(2) == ["writable false", "writable true"])
    }

    @Test func breaksThePromisesOfWhatWasNotSent() throws {
        let bench = try ChannelBench()
        let lost = bench.outcome(bench.channel.writeAndFlush(ByteBuffer(repeating: 0x62, count: 2_000_000)))
        let closed = bench.outcome(bench.channel.close())
        bench.loop.run()
        #expect(lost.value != "open" && lost.value != "kept")
        #expect(closed.value == "kept")
        let late = bench.outcome(bench.channel.writeAndFlush(ByteBuffer(string: "late")))
        bench.loop.run()
        #expect(late.value == "\(ChannelError.ioOnClosedChannel)")
        #expect(bench.outcome(bench.channel.close()).value == "\(ChannelError.alreadyClosed)")
    }

    @Test func readsOnlyWhenItIsAsked() throws {
        let bench = try ChannelBench()
        try bench.channel.syncOptions?.setOption(.autoRead, value: false)
        // What was asked for before still comes.
        bench.send("first")
        bench.send("second")
        #expect(bench.notes.text == "first")
        bench.channel.read()
        bench.loop.run()
        #expect(bench.notes.text == "firstsecond")
        bench.send("third")
        #expect(bench.notes.text == "firstsecond")
        try bench.channel.syncOptions?.setOption(.autoRead, value: true)
        bench.loop.run()
        #expect(bench.notes.text == "firstsecondthird")
    }

    @Test func noticesAClientThatLeavesWhileItIsNotReadFrom() throws {
        let bench = try ChannelBench(isTCP: true)
        try bench.channel.syncOptions?.setOption(.autoRead, value: false)
        bench.send("first")
        bench.send("second")
        bench.peer?.end()
        bench.loop.run()
        #expect(!bench.channel.isActive)
    }

    @Test func endsItsOutputBehindAllThatWaits() throws {
        let bench = try ChannelBench()
        bench.channel.write(ByteBuffer(repeating: 0x62, count: 1_000_000), promise: nil)
        bench.channel.flush()
        let ended = bench.outcome(bench.channel.close(mode: .output))
        let again = bench.outcome(bench.channel.close(mode: .output))
        bench.loop.run()
        #expect(ended.value == "open")
        var count = 0
        while case .bytes(let more) = bench.peer?.read(milliseconds: 0) {
            count += more.count
            bench.loop.run()
        }
        #expect(count == 1_000_000)
        #expect(bench.peer?.read(milliseconds: 1000) == .end)
        #expect(ended.value == "kept")
        #expect(again.value == "kept")
        #expect(bench.notes.events.last == "\(ChannelEvent.outputClosed)")
        #expect(bench.outcome(bench.channel.writeAndFlush(ByteBuffer(string: "x"))).value != "open")
        bench.send("still here")
        #expect(bench.notes.text == "still here")
        #expect(bench.channel.isActive)
    }

    @Test func outlivesTheEndOfItsInputWhenItMay() throws {
        let bench = try ChannelBench()
        try bench.channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: true)
        bench.peer?.write("last".utf8)
        bench.peer?.finishWriting()
        bench.loop.run()
        #expect(bench.channel.isActive)
        #expect(bench.notes.text == "last")
        #expect(bench.notes.events.last == "\(ChannelEvent.inputClosed)")
        bench.channel.writeAndFlush(ByteBuffer(string: "answer"), promise: nil)
        #expect(bench.peer?.read(milliseconds: 1000) == .bytes(Array("answer".utf8)))
        bench.channel.close(mode: .output, promise: nil)
        bench.loop.run()
        #expect(!bench.channel.isActive)
    }

    @Test func tellsOfAResetBeforeItEnds() throws {
        let bench = try ChannelBench(.provider, isTCP: true)
        bench.peer?.resetOnClose()
        bench.peer = nil
        bench.loop.run()
        #expect(bench.notes.events.contains("error"))
        #expect(!bench.channel.isActive)
    }

    @Test func closesASocketWhosePipelineCannotBeMade() throws {
        struct Refused: Error {}
        let loop = Loop(turnedByHand: SystemClock())
        let (ours, peer) = try SocketBench.pair()
        let notes = Notes()
        #expect(throws: Refused.self) {
            try SocketChannel.open(ours, to: .client, on: loop) { channel in
                try channel.pipeline.syncOperations.addHandler(notes)
                throw Refused()
            }
        }
        loop.run()
        #expect(notes.events == ["added", "removed"])
        #expect(peer.read(milliseconds: 1000) == .end)
        #expect(loop.poller.count == 0)
    }

    @Test func knowsItsOptionsAndRefusesOthers() throws {
        let bench = try ChannelBench()
        let options = try #require(bench.channel.syncOptions)
        try options.setOption(.writeBufferWaterMark, value: .init(low: 10, high: 20))
        #expect(try options.getOption(.writeBufferWaterMark).high == 20)
        #expect(try options.getOption(.autoRead))
        #expect(try !options.getOption(.allowRemoteHalfClosure))
        bench.channel.write(ByteBuffer(repeating: 0, count: 21), promise: nil)
        #expect(try options.getOption(.bufferedWritableBytes) == 21)
        #expect(!bench.channel.isWritable)
        #expect(throws: ChannelError.operationUnsupported) { try options.setOption(.maxMessagesPerRead, value: 1) }
        #expect(throws: ChannelError.operationUnsupported) { try options.getOption(.recvAllocator) }
        let tcp = try ChannelBench(isTCP: true)
        try tcp.channel.syncOptions?.setOption(.tcpOption(.tcp_nodelay), value: 0)
        var isSet: Int32 = 1
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(tcp.channel.descriptor.number, Int32(IPPROTO_TCP), TCP_NODELAY, &isSet, &length)
        #expect(isSet == 0)
        #expect(throws: IOError.self) { try options.setOption(.socketOption(.init(rawValue: -1)), value: 1) }
        #expect(tcp.channel.remoteAddress?.ipAddress == "127.0.0.1")
        #expect(tcp.channel.localAddress?.port != nil)
    }
}
