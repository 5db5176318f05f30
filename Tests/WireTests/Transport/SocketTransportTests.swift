import Glibc
import NIOCore
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryWire

/// A plain connection on a loop that is turned by hand.
@Suite struct SocketTransportTests {
    private typealias Event = RecordingOwner.Event

    private static func bytes(_ count: Int) -> ByteBuffer {
        ByteBuffer(bytes: (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) })
    }

    @Test func handsOverWhatComesAndSendsWhatIsWritten() throws {
        let bench = try SocketBench(.client)
        bench.send("question")
        bench.transport.write(ByteBuffer(string: "answer"))
        #expect(bench.peerReads().isEmpty)
        bench.transport.flush()
        #expect(String(decoding: bench.peerReads(), as: UTF8.self) == "answer")
        #expect(bench.owner.events == [.attached, .received("question"), .receivedAll])
    }

    @Test func sendsOnceForAllThatAnEventCaused() throws {
        let bench = try SocketBench(.client, keepsBoundaries: true)
        bench.owner.whenReceived = { [transport = bench.transport] _ in
            for part in ["a", "b", "c"] {
                transport.write(ByteBuffer(string: part))
                transport.flush()
            }
        }
        bench.send("go")
        #expect(bench.peer?.read(milliseconds: 1000) == .bytes(Array("abc".utf8)))
        #expect(bench.peer?.read(milliseconds: 0) == .nothing)
    }

    @Test func readsOnceForAnEventAndGoesOnWithTheNext() throws {
        let bench = try SocketBench(.provider)
        let sent = Self.bytes(150_000)
        bench.peer?.write(sent.readableBytesView)
        bench.loop.run()
        #expect(bench.owner.bytes == 150_000)
        // Every read ends with `receivedAll`, so that others have their turn.
        #expect(bench.owner.events.filter { $0 == .receivedAll }.count >= 3)
    }

    @Test func keepsTheRestOfAPartialWriteInOrder() throws {
        for isTCP in [false, true] {
            let bench = try SocketBench(.client, isTCP: isTCP)
            let sent = Self.bytes(6_000_000)
            var rest = sent
            // Pieces of all sizes, so that some are cut anywhere.
            var size = 1
            while rest.readableBytes > 0, let piece = rest.readSlice(length: min(size, rest.readableBytes)) {
                bench.transport.write(piece)
                size = size % 70_001 + 997
            }
            bench.transport.flush()
            #expect(bench.transport.waiting > 0)
            #expect(bench.transport.interest & 0x4 != 0)
            #expect(bench.peerReads(atMost: sent.readableBytes) == Array(sent.readableBytesView))
            #expect(bench.transport.waiting == 0)
            #expect(bench.transport.interest & 0x4 == 0)
        }
    }

    @Test func saysWhenTooMuchWaitsAndWhenItNoLongerDoes() throws {
        let bench = try SocketBench(.client)
        bench.transport.write(Self.bytes(64 * 1024))
        #expect(bench.transport.isWritable)
        bench.transport.write(Self.bytes(1))
        #expect(!bench.transport.isWritable)
        bench.transport.write(Self.bytes(1_000_000))
        bench.transport.flush()
        #expect(bench.owner.events == [.attached, .writable(false)])
        // Down to the lower mark, not merely below the upper one.
        var read = 0
        while !bench.transport.isWritable {
            #expect(bench.transport.waiting >= 32 * 1024)
            guard case .bytes(let more) = bench.peer?.read(milliseconds: 0, atMost: 4096) else { break }
            read += more.count
            bench.loop.run()
        }
        #expect(bench.transport.isWritable)
        #expect(bench.transport.waiting < 32 * 1024)
        #expect(bench.owner.events == [.attached, .writable(false), .writable(true)])
    }

    @Test func letsASlowPeerHoldNoMoreMemoryThanItIsOwed() throws {
        let bench = try SocketBench(.client)
        // A slice of a large block, as a provider's pieces are.
        func write(_ block: inout ByteBuffer) throws {
            bench.transport.write(try #require(block.getSlice(at: 0, length: 100)))
        }
        func isHeld(_ block: inout ByteBuffer) -> Bool {
            let before = block.withUnsafeReadableBytes { $0.baseAddress }
            block.setInteger(1 as UInt8, at: 0)
            return block.withUnsafeReadableBytes { $0.baseAddress } != before
        }
        var early = ByteBuffer(repeating: 0x61, count: 64 * 1024)
        var late = early
        late.setInteger(2 as UInt8, at: 0)
        bench.transport.write(Self.bytes(1_000_000))
        try write(&early)
        bench.transport.flush()
        try write(&late)
        let waiting = bench.transport.waiting
        #expect(waiting > 200)
        #expect(!isHeld(&early))
        #expect(!isHeld(&late))
        #expect(bench.peerReads().count == 1_000_200)
    }

    @Test func stopsReadingAndGoesOn() throws {
        let bench = try SocketBench(.client)
        bench.transport.setReading(false)
        bench.send("late")
        #expect(bench.owner.events == [.attached])
        bench.transport.setReading(true)
        bench.loop.run()
        #expect(bench.owner.text == "late")
    }

    @Test func toStopAndGoOnCostsNothingWhileNothingComes() throws {
        let bench = try SocketBench(.client)
        let interest = bench.transport.interest
        bench.transport.setReading(false)
        #expect(bench.transport.interest == interest)
        bench.transport.setReading(true)
        #expect(bench.transport.interest == interest)
        bench.transport.setReading(false)
        bench.send("x")
        #expect(bench.transport.interest != interest)
    }

    // MARK: Ends

    @Test func noticesAClientThatLeavesWhileItIsNotReadFrom() throws {
        for (isTCP, byReset) in [(false, false), (true, false), (true, true)] {
            let bench = try SocketBench(.client, isTCP: isTCP)
            bench.transport.setReading(false)
            bench.send("unread")
            if byReset { bench.leave(byReset: true) } else { bench.peer?.end() }
            bench.loop.run()
            #expect(bench.owner.isClosed)
            #expect(bench.owner.text == "")
        }
    }

    @Test func handsOverAProvidersLastBytesBeforeItsEnd() throws {
        let bench = try SocketBench(.provider, isTCP: true)
        bench.transport.setReading(false)
        bench.send("last")
        bench.peer?.finishWriting()
        bench.loop.run()
        #expect(!bench.owner.isClosed)
        bench.transport.setReading(true)
        bench.loop.run()
        #expect(bench.owner.events == [.attached, .received("last"), .receivedAll, .closed(failed: false)])
    }

    @Test(arguments: [true, false])
    func tellsAResetFromAnEnd(_ isReading: Bool) throws {
        let bench = try SocketBench(.provider, isTCP: true)
        bench.transport.setReading(isReading)
        bench.peer?.write("last".utf8)
        bench.leave(byReset: true)
        bench.loop.run()
        #expect(bench.owner.text == "last")
        #expect(bench.owner.events.last == .closed(failed: true))
    }

    @Test func closesBehindAllThatWaits() throws {
        let bench = try SocketBench(.client, isTCP: true)
        bench.transport.write(Self.bytes(8_000_000))
        bench.transport.close()
        #expect(!bench.owner.isClosed)
        #expect(bench.peerReads(atMost: 8_000_000).count == 8_000_000)
        #expect(bench.owner.events.last == .closed(failed: false))
        #expect(bench.peer?.read(milliseconds: 1000) == .end)
    }

    @Test func closedOnceMoreItResets() throws {
        let bench = try SocketBench(.client, isTCP: true)
        bench.transport.write(Self.bytes(20_000_000))
        bench.transport.close()
        bench.transport.close()
        #expect(bench.owner.isClosed)
        var last = bench.peer?.read(milliseconds: 1000)
        while case .bytes = last { last = bench.peer?.read(milliseconds: 1000) }
        #expect(last == .reset)
    }

    @Test func resetsSoThatThePeerCannotTakeItForAnEnd() throws {
        let bench = try SocketBench(.client, isTCP: true)
        bench.transport.reset()
        #expect(bench.owner.events == [.attached, .closed(failed: false)])
        #expect(bench.peer?.read(milliseconds: 1000) == .reset)
    }

    @Test func endsOneDirectionBehindAllThatWaitsAndReadsOn() throws {
        let bench = try SocketBench(.client, isTCP: true)
        bench.transport.write(Self.bytes(8_000_000))
        bench.transport.finishWriting()
        bench.transport.write(ByteBuffer(string: "too late"))
        #expect(bench.peerReads(atMost: 8_000_000).count == 8_000_000)
        #expect(bench.peer?.read(milliseconds: 1000) == .end)
        bench.send("still here")
        #expect(bench.owner.text == "still here")
        bench.peer?.finishWriting()
        bench.loop.run()
        #expect(bench.owner.events.last == .closed(failed: false))
    }

    @Test func saysOnceThatItIsOver() throws {
        let bench = try SocketBench(.client)
        bench.transport.reset()
        bench.transport.reset()
        bench.transport.close()
        bench.transport.flush()
        bench.transport.setReading(false)
        bench.transport.setReading(true)
        bench.loop.run()
        #expect(bench.owner.events.filter { $0 == .closed(failed: false) }.count == 1)
    }

    @Test func handsOverWhatARefusingProviderSaidBeforeItBrokeOff() throws {
        let bench = try SocketBench(.provider)
        bench.peer?.write("HTTP/1.1 413 Content Too Large\r\n\r\n".utf8)
        bench.peer?.end()
        bench.transport.write(ByteBuffer(string: "the rest of the body"))
        bench.transport.flush()
        // Not in the middle of whatever the owner is doing.
        #expect(bench.owner.events == [.attached])
        bench.loop.run()
        #expect(bench.owner.text.hasPrefix("HTTP/1.1 413"))
        #expect(bench.owner.events.last == .closed(failed: true))
    }

    @Test func survivesAnOwnerThatEndsItInTheMiddle() throws {
        let bench = try SocketBench(.client)
        bench.owner.whenReceived = { [transport = bench.transport] _ in
            transport.write(ByteBuffer(string: "bye"))
            transport.close()
        }
        bench.send("x")
        // What an event caused is sent at the end of the loop's turn.
        #expect(bench.owner.events == [.attached, .received("x"), .receivedAll, .closed(failed: false)])
        #expect(bench.peer?.read(milliseconds: 1000) == .bytes(Array("bye".utf8)))
    }

    // MARK: Memory

    @Test func losesNothingThatAnOwnerKeeps() throws {
        for side in [SocketStream.Side.client, .provider] {
            let bench = try SocketBench(side)
            bench.owner.keepsBuffers = true
            for number in 0..<50 { bench.send("message \(number)") }
            let kept = bench.owner.buffers.map { String(buffer: $0) }
            #expect(kept == (0..<50).map { "message \($0)" })
        }
    }

    @Test func givesWhatAClientSendsMemoryOfItsOwnSize() throws {
        let bench = try SocketBench(.client)
        bench.owner.keepsBuffers = true
        bench.send(String(repeating: "a", count: 500))
        #expect(bench.owner.buffers.first?.storageCapacity == BufferRing.size)
    }

    @Test func readsAProviderIntoTheSameMemoryAgainAndAgain() throws {
        let bench = try SocketBench(.provider)
        var places: Set<UInt> = []
        bench.owner.whenReceived = { bytes in
            bytes.withUnsafeReadableBytes { _ = places.insert(UInt(bitPattern: $0.baseAddress)) }
        }
        for _ in 0..<10 { bench.send("event") }
        #expect(places.count == 1)
    }
}
