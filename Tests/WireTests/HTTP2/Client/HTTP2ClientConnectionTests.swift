import NIOCore
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryWire

/// How a connection to a provider, and each stream on it, ends.
@Suite struct HTTP2ClientConnectionTests {
    private static let head = [(":status", "200")]
    private static let unreachable = "\(GateError(.upstreamUnreachable).code)"
    private static let cut = "\(GateError(.upstreamCut).code) \(GateError(.upstreamCut).cause)"

    // SEC-703
    @Test func aClientThatLeavesCancelsItsStreamAlone() throws {
        let bench = HTTP2ClientBench()
        let left = try #require(bench.ask())
        let other = try #require(bench.ask())
        bench.send(Frames.headers(1, Self.head, isEnd: false))
        _ = bench.frames()
        left.exchange.abandoned()
        let frames = bench.frames()
        #expect(frames.map(\.kind) == [FrameHead.Kind.resetStream])
        #expect(frames.first?.stream == 1)
        #expect(frames.first?.code == .cancel)
        #expect(bench.worker.counters.cancelled.current == 1)
        // What was under way is dropped, and given back to the connection.
        bench.send(Frames.data(1, "late", isEnd: true))
        bench.send(Frames.headers(3, Self.head))
        #expect(other.isEnded)
        #expect(bench.transport.others.isEmpty)
    }

    @Test func manyWhoLeaveDoNotEndTheConnection() throws {
        let bench = HTTP2ClientBench()
        let asked = (0..<90).compactMap { _ in bench.ask() }
        #expect(asked.count == 90)
        for one in asked { one.exchange.abandoned() }
        let other = try #require(bench.ask())
        for id in stride(from: Int32(1), to: 181, by: 2) {
            bench.send(Frames.headers(id, Self.head, isEnd: false), Frames.data(id, "late"), Frames.data(id, "later"))
        }
        bench.send(Frames.headers(181, Self.head))
        #expect(other.isEnded)
        #expect(bench.connection.hasRoom)
    }

    @Test func aRefusedStreamWasNotTaken() throws {
        let bench = HTTP2ClientBench()
        let asked = try #require(bench.ask())
        bench.send(Frames.reset(1, .refusedStream))
        #expect(asked.said == "stale")
        #expect(bench.connection.hasRoom)
    }

    @Test func anyOtherResetIsAFailure() throws {
        for code in [HTTP2Code.cancel, .internalError, .noError, .protocolError] {
            let bench = HTTP2ClientBench()
            let asked = try #require(bench.ask())
            bench.send(Frames.reset(1, code))
            #expect(asked.said == "\(Self.unreachable) stream_reset")
        }
    }

    /// Also a refusal, once something of the answer has come.
    @Test func aResetBehindTheHeadBreaksTheAnswer() throws {
        for code in [HTTP2Code.refusedStream, .cancel, .noError] {
            let bench = HTTP2ClientBench()
            let asked = try #require(bench.ask())
            bench.send(Frames.headers(1, Self.head, isEnd: false), Frames.data(1, "a"), Frames.reset(1, code))
            #expect(asked.body == "a")
            #expect(asked.said == Self.cut)
            #expect(!asked.isEnded)
        }
    }

    @Test func goAwayTakesTheConnectionOutOfThePool() throws {
        let bench = HTTP2ClientBench()
        let first = try #require(bench.ask())
        let beyond = try #require(bench.ask())
        bench.send(Frames.frame(FrameHead.Kind.goAway, 0, [0, 0, 0, 1, 0, 0, 0, 0]))
        #expect(beyond.said == "stale")
        #expect(first.said == "")
        #expect(!bench.connection.hasRoom)
        #expect(bench.ask() == nil)
        #expect(bench.pool.shared.isEmpty)
        bench.send(Frames.headers(1, Self.head, isEnd: false), Frames.data(1, "whole", isEnd: true))
        #expect(first.isEnded)
        #expect(first.body == "whole")
        #expect(bench.transport.others == [.close])
        #expect(bench.worker.counters.open.current == 0)
        #expect(bench.worker.counters.idle.current == 0)
    }

    /// A server that goes says so twice (RFC 9113 section 6.8).
    @Test func aGracefulGoAwayLetsAllFinish() throws {
        let bench = HTTP2ClientBench()
        let asked = try #require(bench.ask())
        bench.send(Frames.frame(FrameHead.Kind.goAway, 0, [0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0]))
        #expect(asked.said == "")
        #expect(!bench.connection.hasRoom)
        bench.send(Frames.frame(FrameHead.Kind.goAway, 0, [0, 0, 0, 1, 0, 0, 0, 0]), Frames.headers(1, Self.head))
        #expect(asked.isEnded)
        #expect(bench.transport.others == [.close])
    }

    @Test func aLostConnectionEndsEverything() throws {
        let bench = HTTP2ClientBench()
        let waiting = try #require(bench.ask())
        let answered = try #require(bench.ask())
        bench.send(Frames.headers(3, Self.head, isEnd: false))
        bench.connection.closed(nil)
        bench.loop.run()
        // Something came since it was sent, so the provider may well be at it.
        #expect(waiting.said == "\(Self.unreachable) closed_early")
        #expect(answered.said == Self.cut)
        #expect(bench.worker.counters.open.current == 0)
        #expect(bench.pool.shared.isEmpty)
    }

    @Test func aKeptConnectionThatWasClosedBeforeAnythingCameIsStale() throws {
        let bench = HTTP2ClientBench()
        let first = try #require(bench.ask())
        bench.send(Frames.headers(1, Self.head))
        #expect(first.isEnded)
        let asked = try #require(bench.ask())
        bench.connection.closed(nil)
        bench.loop.run()
        #expect(asked.said == "stale")
        // A new one that is closed at once is a provider in trouble.
        let fresh = HTTP2ClientBench()
        let failed = try #require(fresh.ask())
        fresh.connection.closed(nil)
        fresh.loop.run()
        #expect(failed.said == "\(Self.unreachable) closed_early")
    }

    @Test func aFaultOfTheProviderEndsTheConnection() throws {
        let faults = [
            Frames.frame(FrameHead.Kind.pushPromise, flags: Frames.endHeaders, 1, [0, 0, 0, 2]),
            Frames.headers(2, Self.head),
            Frames.headers(5, Self.head),
            Frames.frame(FrameHead.Kind.headers, flags: Frames.endHeaders, 1, [0xff, 0xff, 0xff, 0xff, 0xff]),
            Frames.frame(FrameHead.Kind.data, 0, [1]),
            Frames.window(0, 0),
        ]
        for fault in faults {
            let bench = HTTP2ClientBench()
            let asked = try #require(bench.ask())
            bench.send(fault)
            #expect(asked.said == "\(GateError(.upstreamProtocolError).code) http2")
            #expect(bench.frames().contains { $0.kind == FrameHead.Kind.goAway })
            #expect(bench.transport.others == [.close])
            #expect(bench.pool.shared.isEmpty)
        }
    }

    // SEC-110
    @Test func floodsOfTheProviderAreBounded() throws {
        for frame in [Frames.ping(), Frames.settings(), Frames.window(1, 1), Frames.data(1, "")] {
            let bench = HTTP2ClientBench()
            let asked = try #require(bench.ask())
            bench.send(Frames.headers(1, Self.head, isEnd: false))
            for _ in 0..<2000 { bench.send(frame) }
            #expect(asked.said == "\(GateError(.upstreamProtocolError).code) http2")
            #expect(bench.frames().last { $0.kind == FrameHead.Kind.goAway }?.code == .enhanceYourCalm)
            #expect(bench.transport.others == [.close])
        }
    }

    @Test func anUnusedConnectionIsKeptForSomeTime() throws {
        let bench = HTTP2ClientBench()
        #expect(bench.worker.counters.idle.current == 1)
        bench.pass(20)
        let asked = try #require(bench.ask())
        #expect(bench.worker.counters.idle.current == 0)
        bench.pass(14)
        bench.send(Frames.headers(1, Self.head))
        #expect(asked.isEnded)
        #expect(bench.worker.counters.idle.current == 1)
        bench.pass(29)
        #expect(bench.transport.others.isEmpty)
        // Pings of the provider's do not keep it.
        bench.send(Frames.ping())
        bench.pass(2)
        #expect(bench.transport.others == [.close])
        #expect(bench.frames().last { $0.kind == FrameHead.Kind.goAway }?.code == .noError)
        #expect(bench.worker.counters.idle.current == 0)
        #expect(bench.worker.counters.open.current == 0)
    }

    @Test func aLeftTargetKeepsNoConnection() throws {
        let bench = HTTP2ClientBench()
        let asked = try #require(bench.ask())
        bench.target.leave()
        bench.connection.closeIfIdle()
        #expect(bench.transport.others.isEmpty)
        bench.send(Frames.headers(1, Self.head))
        #expect(asked.isEnded)
        #expect(bench.transport.others == [.close])
    }

    /// A connection that leads nowhere any more would take every request with it until each timed out.
    @Test func aProviderThatSaysNothingIsAskedForASignOfLife() throws {
        let bench = HTTP2ClientBench()
        let asked = try #require(bench.ask())
        _ = bench.frames()
        bench.pass(16)
        let ping = try #require(bench.frames().first)
        #expect(ping.kind == FrameHead.Kind.ping)
        bench.send(Frames.ping(0x6f73_7469_6172_7900, isAnswer: true))
        bench.pass(14)
        #expect(bench.frames().isEmpty)
        bench.pass(2)
        #expect(bench.frames().first?.kind == FrameHead.Kind.ping)
        #expect(asked.said == "")
        bench.pass(11)
        #expect(asked.said == "\(GateError(.upstreamTimeout).code) ping_timeout")
        #expect(bench.transport.others == [.reset])
    }

    @Test func aHeadThatTakesTooLongTimesOut() throws {
        let bench = HTTP2ClientBench(dial: { $0.headTime = 5 })
        let asked = try #require(bench.ask())
        bench.pass(6)
        #expect(asked.said == "\(GateError(.upstreamTimeout).code) head_timeout")
        #expect(bench.frames().last?.code == .cancel)
        #expect(bench.connection.hasRoom)
    }

    @Test func aBreakerHearsOfEachStreamOnce() throws {
        var settings = Breaker.Settings()
        settings.failures = 2
        let states = Observed<[Breaker.State]>([])
        let breaker = Breaker(settings) { state in states.change { $0.append(state) } }
        let bench = HTTP2ClientBench(breaker: breaker)
        let asked = (0..<2).compactMap { _ in bench.ask() }
        #expect(asked.count == 2)
        bench.send(Frames.reset(1, .refusedStream))
        bench.send(Frames.reset(3, .cancel))
        #expect(states.value.isEmpty)
        _ = bench.ask()
        bench.send(Frames.reset(5, .cancel))
        #expect(states.value == [.open])
    }

    @Test func numbersThatRunOutEndTheConnection() throws {
        let bench = HTTP2ClientBench()
        bench.connection.link.nextStream = .max - 4
        let last = try #require(bench.ask())
        #expect(bench.ask() == nil)
        #expect(bench.pool.shared.isEmpty)
        bench.send(Frames.headers(.max - 4, Self.head))
        #expect(last.isEnded)
        #expect(bench.transport.others == [.close])
    }
}
