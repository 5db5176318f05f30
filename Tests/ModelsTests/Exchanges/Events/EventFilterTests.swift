import NIOCore
import OstiaryCore
import Testing

@testable import OstiaryModels

// SEC-507
@Suite struct EventFilterTests {
    private static func pass(_ pieces: [String]) throws -> [String] {
        let filter = EventFilter(.chat, holding: HeldBodies())
        return try pieces.map { String(buffer: try filter.pass(ByteBuffer(string: $0))) }
    }

    @Test(arguments: [
        "data: 1\n\n", "data: 1\n\ndata: 2\n\n", "event: a\ndata: 1\nid: 7\nretry: 3\n\n", ": still here\n",
        "data: 1\r\n\r\nevent: b\r\ndata: 2\r\n\r\n", "\n", ":\n\n", "data\n\n", "data: tab\tand umlaut ü\n\n",
        // What a model writes is escaped, and stays inside of its event.
        #"data: {"content":"\n\nevent: error\ndata: {}\u0000\r"}"# + "\n\n",
    ])
    func plainEventsPassAsTheyAre(_ stream: String) throws {
        #expect(try Self.pass([stream]) == [stream])
    }

    @Test func passesWholeEventsOnly() throws {
        let out = try Self.pass(["data: 1\n\ndata: ", "2", "\n", "\n: x\nda", "ta: 3\n\n"])
        #expect(out == ["data: 1\n\n", "", "", "data: 2\n\n: x\n", "data: 3\n\n"])
    }

    @Test(arguments: [
        ("data: a\rdata: b\r\r", "data: a\ndata: b\n\n"),
        ("data: a\r\revent: error\rdata: {}\n\n", "data: a\n\nevent: error\ndata: {}\n\n"),
        ("data: a\u{0}b\nid: 1\u{0}\n\n", "data: a\u{FFFD}b\n\n"), ("event: a\u{0}\ndata: b\n\n", "data: b\n\n"),
        ("data: a\nevil: x\n\n", "data: a\n\n"), ("evil: x\ndata: a\n\n", "data: a\n\n"), ("{\"error\":1}\n\n", "\n"),
        ("datax: 1\n\ndata: 2\n\n", "\ndata: 2\n\n"), ("\u{FEFF}data: 1\n\n", "data: 1\n\n"),
    ])
    func writesAnewWhatReadersCouldDivideDifferently(_ stream: String, _ expected: String) throws {
        #expect(try Self.pass([stream]) == [expected])
    }

    @Test func aLoneReturnAtTheEndOfAnEventDoesNotHoldItBack() throws {
        #expect(try Self.pass(["data: a\r\r", "data: b\r\n\r", "\n"]) == ["data: a\n\n", "data: b\n\n", "\n"])
    }

    // What goes out reads the same as what came in, by the standard and by readers that know LF alone, however it was
    // cut; and a last event may follow after every piece.
    @Test(arguments: 0..<300) func saysTheSameHoweverItIsCut(_ seed: UInt64) throws {
        var random = Seeded(state: seed)
        let words = [
            "data: {\"a\":1}", "data:", "event: x", "id: 1", ": c", "\n", "\n", "\n\n", "\r\n", "\r\n\r\n", "\r",
            "\u{0}",
            "foo: bar", "é", "data", "\n\ndata: z\n\n",
        ]
        let stream = (0..<Int.random(in: 1...30, using: &random)).flatMap { _ in
            Array((words.randomElement(using: &random) ?? "").utf8)
        }
        let filter = EventFilter(.chat, holding: HeldBodies())
        var out: [UInt8] = []
        var index = 0
        while index < stream.count {
            let end = min(stream.count, index + Int.random(in: 1...12, using: &random))
            out += try filter.pass(ByteBuffer(bytes: stream[index..<end])).readableBytesView
            index = end
            let withLast = EventReader.events(out + Array("data: last\n\n".utf8))
            #expect(withLast == EventReader.events(out) + [.init(type: "", data: "last")])
        }
        #expect(EventReader.events(out) == EventReader.events(stream))
        #expect(!out.contains(0))
        for (index, byte) in out.enumerated() where byte == 0x0d { #expect(out.dropFirst(index + 1).first == 0x0a) }
        out += filter.finish().readableBytesView
        #expect(EventReader.events(out) == EventReader.events(stream))
    }

    @Test func endsAStreamWithALineThatIsTooLong() throws {
        let filter = EventFilter(.chat, holding: HeldBodies())
        _ = try filter.pass(ByteBuffer(string: "data: " + String(repeating: "x", count: (1 << 20) - 6)))
        let fault = #expect(throws: GateError.self) { try filter.pass(ByteBuffer(string: "y")) }
        #expect(fault?.code == .upstreamProtocolError)
        #expect(fault?.cause.description == "line_too_long")
    }

    @Test func endsAStreamWithAnEventThatIsTooLong() throws {
        let filter = EventFilter(.chat, holding: HeldBodies())
        let line = ByteBuffer(string: "data: " + String(repeating: "x", count: 1_000_000) + "\n")
        for _ in 0..<8 { #expect(try filter.pass(line).readableBytes == 0) }
        let fault = #expect(throws: GateError.self) { try filter.pass(line) }
        #expect(fault?.cause.description == "event_too_long")
    }

    // SEC-701
    @Test func longEventsShareTheMemoryOfHeldBodies() throws {
        let bodies = HeldBodies(limit: 100_000)
        let first = EventFilter(.chat, holding: bodies)
        _ = try first.pass(ByteBuffer(string: "data: " + String(repeating: "x", count: 150_000)))
        #expect(bodies.current == 150_006 - HeldBodies.free)
        let second = EventFilter(.chat, holding: bodies)
        let fault = #expect(throws: GateError.self) {
            try second.pass(ByteBuffer(string: "data: " + String(repeating: "x", count: 150_000)))
        }
        #expect(fault?.code == .overloaded)
        #expect(try first.pass(ByteBuffer(string: "\n\n")).readableBytes == 150_008)
        #expect(bodies.current == 0)
    }

    @Test func anEventInManySmallPiecesIsHeldWhole() throws {
        let filter = EventFilter(.chat, holding: HeldBodies())
        for _ in 0..<10_000 { #expect(try filter.pass(ByteBuffer(string: "data: abc\n")).readableBytes == 0) }
        #expect(try filter.pass(ByteBuffer(string: "\n")).readableBytes == 100_001)
    }

    // SEC-505
    @Test func theLastWordsFollowAWholeEvent() throws {
        let filter = EventFilter(.chat, holding: HeldBodies())
        var out = String(buffer: try filter.pass(ByteBuffer(string: "data: 1\n\ndata: {\"half\":")))
        out += filter.lastWords(GateError(.upstreamCut)).map { String(buffer: $0) } ?? ""
        let events = EventReader.events(Array(out.utf8))
        #expect(events.map(\.data).first == "1")
        #expect(events.count == 2)
        #expect(
            events.last?.data
                == #"{"error":{"message":"The provider broke its answer off","type":"server_error","code":"upstream_cut","param":null}}"#
        )
        #expect(filter.failure?.code == .upstreamCut)
    }

    @Test func theResponsesFamilyNumbersItsError() throws {
        let filter = EventFilter(.responses, holding: HeldBodies())
        _ = try filter.pass(ByteBuffer(string: "event: a\ndata: {}\n\n: ping\n\nevent: b\ndata: {}\n\n"))
        let words = try #require(filter.lastWords(GateError(.shuttingDown)))
        let event = try #require(EventReader.events(Array(words.readableBytesView)).first)
        #expect(event.type == "error")
        #expect(event.data.hasPrefix(#"{"type":"error","sequence_number":2,"code":"shutting_down","message":"#))
        #expect(event.data.hasSuffix(#""code":"shutting_down","param":null}}"#))
    }
}

/// Numbers that are the same in every run.
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
