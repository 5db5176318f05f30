import NIOCore
import NIOEmbedded
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryWire

private typealias Kind = FrameHead.Kind

/// Windows in both directions (RFC 9113 section 5.2).
@Suite struct HTTP2FlowTests {
    /// Answers with as many bytes as the path says.
    private static let lengths: ClosureService.Answer = { _, head, _, reply in
        let count = Int(head.path.dropFirst()) ?? 0
        _ = reply.send(status: 200, body: ByteBuffer(repeating: 0x61, count: count))
    }

    private func data(_ frames: [SeenFrame], _ stream: Int32? = nil) -> Int {
        frames.filter { $0.kind == Kind.data && (stream == nil || $0.stream == stream) }
            .reduce(0) { $0 + $1.payload.readableBytes }
    }

    @Test func sendsNoMoreThanTheStreamsWindow() {
        let bench = HTTP2Bench(settings: [(.initialWindowSize, 10)], Self.lengths)
        bench.send(1, Frames.get("/25"))
        #expect(data(bench.frames()) == 10)
        bench.send(Frames.window(1, 5))
        #expect(data(bench.frames()) == 5)
        bench.send(Frames.settings([(.initialWindowSize, 12)]))
        #expect(data(bench.frames()) == 2)
        bench.send(Frames.window(1, 100))
        let last = bench.frames()
        #expect(data(last) == 8)
        #expect(last.last?.isEnd == true)
    }

    @Test func sendsNothingWhileAWindowIsBelowZero() {
        let bench = HTTP2Bench(settings: [(.initialWindowSize, 10)], Self.lengths)
        bench.send(1, Frames.get("/25"))
        #expect(data(bench.frames()) == 10)
        bench.send(Frames.settings([(.initialWindowSize, 0)]))
        bench.send(Frames.window(1, 10))
        #expect(data(bench.frames()) == 0)
        bench.send(Frames.window(1, 1))
        #expect(data(bench.frames()) == 1)
    }

    @Test func sharesTheWindowOfTheConnection() {
        let bench = HTTP2Bench(settings: [(.initialWindowSize, 1 << 20)], Self.lengths)
        bench.send(Frames.headers(1, Frames.get("/60000")), Frames.headers(3, Frames.get("/60000")))
        let first = bench.frames()
        #expect(data(first) == 65_535)
        #expect(data(first, 1) == 60_000)
        bench.send(Frames.window(0, 1_000_000))
        let rest = bench.frames()
        #expect(data(rest, 3) == 60_000 - 5_535)
        #expect(rest.last?.isEnd == true)
    }

    @Test func sendsOneFrameOfEachStreamInTurn() {
        let bench = HTTP2Bench(settings: [(.initialWindowSize, 1 << 20)], Self.lengths)
        bench.setWritable(false)
        bench.send(Frames.window(0, 1 << 20))
        bench.send(Frames.headers(1, Frames.get("/40000")), Frames.headers(3, Frames.get("/40000")))
        #expect(data(bench.frames()) == 0)
        bench.setWritable(true)
        let frames = bench.frames().filter { $0.kind == Kind.data }
        #expect(frames.map(\.stream) == [1, 3, 1, 3, 1, 3])
        #expect(frames.allSatisfy { $0.payload.readableBytes <= 16_384 })
    }

    @Test func sendsNoFrameLargerThanEverybodyTakes() {
        let bench = HTTP2Bench(settings: [(.maxFrameSize, 1 << 20)], Self.lengths)
        bench.send(1, Frames.get("/60000"))
        #expect(bench.frames().allSatisfy { $0.payload.readableBytes <= 16_384 })
    }

    @Test func pausesAStreamWhoseClientTakesNothing() {
        let written = Observed(0)
        let bench = HTTP2Bench(settings: [(.initialWindowSize, 0)]) { _, _, _, reply in
            var stream = reply.stream(status: 200)
            for _ in 0..<20 {
                guard (try? await stream.write(ByteBuffer(repeating: 0x61, count: 10_000))) != nil else { break }
                written.change { $0 += 1 }
            }
            _ = stream.finish()
        }
        bench.send(1, Frames.get())
        // Seven pieces are more than 64 KiB: the last of them waits.
        #expect(written.value == 6)
        bench.send(Frames.window(1, 30_000))
        #expect(written.value == 6)
        bench.send(Frames.window(1, 10_000))
        #expect(written.value == 10)
        bench.send(Frames.window(1, 1 << 20), Frames.window(0, 1 << 20))
        #expect(written.value == 20)
        #expect(bench.frames().last?.isEnd == true)
    }

    @Test func letsOtherStreamsGoOnBesideOneThatStandsStill() throws {
        let bench = HTTP2Bench(settings: [(.initialWindowSize, 0)], Self.lengths)
        bench.send(1, Frames.get("/50"))
        #expect(data(bench.frames()) == 0)
        bench.send(3, Frames.get("/50"))
        bench.send(Frames.window(3, 100))
        #expect(data(bench.frames(), 3) == 50)
    }

    // SEC-109
    @Test func resetsAStreamWhoseClientTakesNothingForLong() {
        let deliveries = Observed<Bool>(false)
        let bench = HTTP2Bench(settings: [(.initialWindowSize, 0)]) { _, _, _, reply in
            var stream = reply.stream(status: 200)
            do throws(GateError) {
                try await stream.write(ByteBuffer(repeating: 0x61, count: 100_000))
            } catch {
                deliveries.change { $0 = error.code == .clientGone }
            }
            _ = stream.finish()
        }
        bench.send(1, Frames.get())
        _ = bench.frames()
        bench.pass(59)
        #expect(bench.frames() == [])
        bench.send(Frames.window(1, 1))
        #expect(data(bench.frames()) == 1)
        bench.pass(59)
        #expect(bench.frames() == [])
        bench.pass(2)
        #expect(bench.frames().map(\.code) == [.cancel])
        #expect(deliveries.value)
        #expect(bench.connection.link.streams.isEmpty)
    }

    // SEC-109
    @Test func resetsAConnectionThatTakesNothingForLong() {
        let bench = HTTP2Bench(ClosureService.paths)
        bench.setWritable(false)
        #expect(bench.transport.others == [.reading(false)])
        bench.pass(61)
        #expect(bench.transport.others == [.reading(false), .reset])
        #expect(bench.door.openConnections == 0)
    }

    // MARK: What the client sends

    @Test func givesNoCreditForWhatNobodyTakes() {
        let service = PausedService()
        let bench = HTTP2Bench(service.answer)
        bench.send(1, Frames.get("/p", method: "POST"), isEnd: false)
        let piece = String(repeating: "a", count: 16_000)
        for _ in 0..<4 { bench.send(Frames.data(1, piece)) }
        #expect(bench.frames() == [])
        service.go()
        bench.loop.run()
        // The stream's window is given back in one piece; the connection's has not lost half.
        #expect(bench.frames().map { [Int($0.stream), $0.number] } == [[1, 64_000]])
        bench.send(Frames.data(1, "", isEnd: true))
        #expect(bench.frames().last?.text == "64000")
    }

    @Test func givesCreditForTheConnectionWhenHalfOfItIsUsed() {
        let bench = HTTP2Bench(ClosureService.bodies)
        var updates = 0
        for number in 0..<40 {
            let stream = Int32(number * 2 + 1)
            bench.send(stream, Frames.get("/p", method: "POST"), isEnd: false)
            bench.send(Frames.data(stream, String(repeating: "a", count: 16_000), isEnd: true))
            updates += bench.frames().count { $0.kind == Kind.windowUpdate && $0.stream == 0 }
            bench.send(Frames.window(0, 16_000))
        }
        #expect(updates == 1)
    }

    @Test func givesCreditForPaddingAndForWhatIsThrownAway() {
        let bench = HTTP2Bench(ClosureService.refusal)
        for number in 0..<100 {
            let stream = Int32(number * 2 + 1)
            bench.send(stream, Frames.get("/p", method: "POST"), isEnd: false)
            // 255 of padding, 1 for its length, 10,000 that nobody reads.
            bench.send(
                Frames.frame(
                    Kind.data,
                    flags: FrameHead.Flag.padded | Frames.endStream,
                    stream,
                    [255] + [UInt8](repeating: 0x61, count: 10_000) + [UInt8](repeating: 0, count: 255)
                )
            )
        }
        #expect(bench.goodbye == nil)
        let updates = bench.frames().filter { $0.kind == Kind.windowUpdate }
        #expect(updates.allSatisfy { $0.stream == 0 })
        #expect(updates.count == 1)
    }

    @Test func resetsAStreamThatSendsMoreThanItsWindow() {
        let service = PausedService()
        let bench = HTTP2Bench(service.answer)
        bench.send(1, Frames.get("/p", method: "POST"), isEnd: false)
        for _ in 0..<4 { bench.send(Frames.data(1, String(repeating: "a", count: 16_380))) }
        #expect(bench.frames() == [])
        bench.send(Frames.data(1, String(repeating: "a", count: 100)))
        #expect(bench.frames().map(\.code) == [.flowControlError])
        service.go()
    }

    @Test func endsAConnectionThatSendsMoreThanItsWindow() {
        let service = PausedService()
        let bench = HTTP2Bench(service.answer)
        for number in 0..<17 {
            let stream = Int32(number * 2 + 1)
            bench.send(stream, Frames.get("/p", method: "POST"), isEnd: false)
            for _ in 0..<4 { bench.send(Frames.data(stream, String(repeating: "a", count: 16_380))) }
        }
        #expect(bench.goodbye == .flowControlError)
        service.go()
    }

    // RFC 9113 section 6.9
    @Test(arguments: [0, 1]) func refusesWindowsBeyondTheirBound(_ stream: Int32) {
        let service = PausedService()
        let bench = HTTP2Bench(service.answer)
        bench.send(1, Frames.get())
        bench.send(Frames.window(stream, 0x7fff_ffff))
        if stream == 0 {
            #expect(bench.goodbye == .flowControlError)
        } else {
            #expect(bench.frames().map(\.code) == [.flowControlError])
        }
        service.go()
    }

    @Test func refusesAWindowThatSettingsMakeTooLarge() {
        let service = PausedService()
        let bench = HTTP2Bench(service.answer)
        bench.send(1, Frames.get())
        bench.send(Frames.window(1, 0x7fff_0000))
        bench.send(Frames.settings([(.initialWindowSize, 0x7fff_ffff)]))
        #expect(bench.goodbye == .flowControlError)
        service.go()
    }
}
