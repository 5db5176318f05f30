import NIOCore
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryWire

/// Providers that say anything at all. Whatever comes, each request ends once, nothing of one answer gets into another,
/// and the books are balanced in the end.
@Suite struct HTTP2ClientMutationTests {
    @Test(arguments: 0..<8) func survivesWhateverComes(_ part: UInt64) throws {
        for seed in 0..<40 {
            var random = SeededGenerator(seed: part << 32 | UInt64(seed))
            try Self.run(&random)
        }
    }

    private static func run(_ random: inout SeededGenerator) throws {
        let bench = HTTP2ClientBench(dial: { $0.headTime = 20 })
        var asked: [HTTP2ClientBench.Asked] = []
        for _ in 0..<60 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0, 1: if let one = bench.ask() { asked.append(one) }
            case 2: asked.randomElement(using: &random)?.exchange.abandoned()
            case 3: asked.randomElement(using: &random)?.exchange.pause()
            case 4: asked.randomElement(using: &random)?.exchange.resume()
            case 5: bench.pass(Double.random(in: 0..<6, using: &random))
            default: bench.send(frame(&random))
            }
            #expect(bench.connection.link.streams.count == Int(bench.worker.counters.http2.streams.current))
        }
        bench.connection.closed(nil)
        bench.pass(1000)
        for (index, one) in asked.enumerated() {
            #expect(one.failure != nil || one.head != nil)
            // What came of each stream names it.
            let name = Character(UnicodeScalar(UInt8(ascii: "a") + UInt8(index % 26)))
            #expect(one.body.allSatisfy { $0 == name })
        }
        let counters = bench.worker.counters
        #expect(counters.http2.streams.current == 0)
        #expect(counters.http2.connections.current == 0)
        #expect(counters.open.current == 0)
        #expect(counters.idle.current == 0)
        #expect(bench.pool.shared.isEmpty)
    }

    private static func frame(_ random: inout SeededGenerator) -> ByteBuffer {
        let number = Int.random(in: 0..<8, using: &random)
        let stream = Int32(number * 2 + 1)
        let isEnd = Bool.random(using: &random)
        let text = String(
            repeating: Character(UnicodeScalar(UInt8(ascii: "a") + UInt8(number))),
            count: [0, 1, 100, 16_384].randomElement(using: &random) ?? 0
        )
        let statuses = ["200", "100", "204", "500", "101", "x"]
        var bytes =
            switch Int.random(in: 0..<12, using: &random) {
            case 0, 1, 2:
                Frames.headers(stream, [(":status", statuses.randomElement(using: &random) ?? "200")], isEnd: isEnd)
            case 3: Frames.headers(stream, [(":status", "200"), ("content-length", "100")], isEnd: isEnd)
            case 4: Frames.headers(stream, [("x", "y")], isEnd: isEnd)
            case 5, 6, 7: Frames.data(stream, text, isEnd: isEnd)
            case 8: Frames.reset(stream, isEnd ? .refusedStream : .cancel)
            case 9: Frames.window(stream, Int.random(in: 0..<1000, using: &random))
            case 10: Frames.settings([(.initialWindowSize, UInt32.random(in: 0..<100_000, using: &random))])
            default:
                Int.random(in: 0..<4, using: &random) == 0
                    ? Frames.frame(FrameHead.Kind.goAway, 0, [0, 0, 0, UInt8(stream), 0, 0, 0, 0]) : Frames.ping()
            }
        // Now and then one octet of it is another, but not of a body, which names its stream.
        if Int.random(in: 0..<12, using: &random) == 0, bytes.getInteger(at: 3, as: UInt8.self) != FrameHead.Kind.data {
            bytes.setInteger(
                UInt8.random(in: 0...255, using: &random),
                at: Int.random(in: 0..<bytes.readableBytes, using: &random)
            )
        }
        return bytes
    }
}
