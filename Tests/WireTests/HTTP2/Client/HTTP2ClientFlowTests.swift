import NIOCore
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryWire

/// Who is slow holds back itself alone, and what is held is bounded.
@Suite struct HTTP2ClientFlowTests {
    private static let piece = String(repeating: "x", count: 16_000)
    private static let head = [(":status", "200")]

    private static func windows(_ bench: HTTP2ClientBench) -> [Int32: Int] {
        bench.frames().filter { $0.kind == FrameHead.Kind.windowUpdate }
            .reduce(into: [:]) { $0[$1.stream, default: 0] += $1.number ?? 0 }
    }

    @Test func aSlowClientHoldsItsOwnStreamBack() throws {
        let bench = HTTP2ClientBench()
        let slow = try #require(bench.ask())
        let quick = try #require(bench.ask())
        bench.send(Frames.headers(1, Self.head, isEnd: false), Frames.headers(3, Self.head, isEnd: false))
        slow.exchange.pause()
        _ = bench.frames()
        for _ in 0..<4 { bench.send(Frames.data(1, Self.piece), Frames.data(3, Self.piece)) }
        var windows = Self.windows(bench)
        #expect(windows[1] == nil)
        #expect((windows[3] ?? 0) >= 32_000)
        // It goes on while the other one waits, however long.
        for _ in 0..<200 { bench.send(Frames.data(3, Self.piece)) }
        windows = Self.windows(bench)
        #expect(windows[1] == nil)
        #expect((windows[0] ?? 0) > 3_000_000)
        #expect(quick.body.utf8.count == 204 * 16_000)
        slow.exchange.resume()
        bench.loop.run()
        #expect(Self.windows(bench)[1] == 64_000)
    }

    @Test func nobodyTakesMoreThanTheWindow() throws {
        let bench = HTTP2ClientBench()
        let slow = try #require(bench.ask())
        let other = try #require(bench.ask())
        bench.send(Frames.headers(1, Self.head, isEnd: false))
        slow.exchange.pause()
        _ = bench.frames()
        for _ in 0..<5 { bench.send(Frames.data(1, Self.piece)) }
        // More than the window: the stream ends, the connection goes on.
        #expect(bench.frames().contains { $0.kind == FrameHead.Kind.resetStream && $0.code == .flowControlError })
        #expect(slow.body.utf8.count == 64_000)
        bench.send(Frames.headers(3, Self.head))
        #expect(other.isEnded)
    }

    @Test func aBodyThatNobodyTakesYetIsHeldWithinTheWindow() throws {
        let bench = HTTP2ClientBench()
        let asked = try #require(bench.ask())
        asked.takesBody = false
        bench.send(Frames.headers(1, Self.head, isEnd: false))
        _ = bench.frames()
        for _ in 0..<4 { bench.send(Frames.data(1, Self.piece)) }
        #expect(Self.windows(bench)[1] == nil)
        asked.take()
        bench.loop.run()
        #expect(asked.body.utf8.count == 64_000)
        #expect(Self.windows(bench)[1] == 64_000)
    }

    @Test func silenceEndsTheStreamAlone() throws {
        let bench = HTTP2ClientBench(dial: { $0.silenceTime = 5 })
        let asked = try #require(bench.ask())
        let other = try #require(bench.ask())
        bench.send(Frames.headers(1, Self.head, isEnd: false), Frames.headers(3, Self.head, isEnd: false))
        bench.pass(4)
        bench.send(Frames.data(3, "x"))
        bench.pass(2)
        #expect(asked.said == "\(GateError(.upstreamTimeout).code) silence")
        #expect(other.said == "")
        bench.send(Frames.data(3, "y", isEnd: true))
        #expect(other.isEnded)
    }

    @Test func aPausedStreamIsNotSilent() throws {
        let bench = HTTP2ClientBench(dial: { $0.silenceTime = 5 })
        let asked = try #require(bench.ask())
        bench.send(Frames.headers(1, Self.head, isEnd: false))
        asked.exchange.pause()
        bench.send(Frames.data(1, "x"))
        bench.pass(6)
        #expect(asked.said == "")
        asked.exchange.resume()
        bench.pass(6)
        #expect(asked.said == "\(GateError(.upstreamTimeout).code) silence")
    }
}
