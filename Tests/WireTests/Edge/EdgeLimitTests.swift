import NIOCore
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryWire

/// Each bound of the edge: what lies inside it passes, what lies beyond is refused and counted under the bound's name.
@Suite struct EdgeLimitTests {
    // SEC-109
    @Test func hasTheDefaultsOfTheRule() {
        let limits = EdgeLimits()
        #expect(limits.head.head == 32 << 10 && limits.head.fields == 100 && limits.head.target == 8 << 10)
        #expect(limits.body == 32 << 20 && limits.chunkExtensions == 1 << 10 && limits.trailers == 8 << 10)
        #expect(limits.headTime == 10 && limits.bodyGraceTime == 10 && limits.bodyRate == 1024)
        #expect(limits.idleTime == 60 && limits.sendTime == 60)
    }

    /// What is sent, with how many seconds passing between the pieces, and with what the client is answered.
    private struct Case: Sendable {
        let limit: EdgeLimit
        var change: @Sendable (inout EdgeLimits) -> Void = { _ in }
        let within: [String]
        let beyond: [String]
        var seconds = 0.0
        /// The first line of the answer; nothing where the connection ends without one.
        var answer = ""
    }

    private static let chunked = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

    private static func line(_ target: Int) -> String {
        "GET /\(String(repeating: "a", count: target - 1)) HTTP/1.1\r\nHost: x\r\n\r\n"
    }

    private static func head(_ bytes: Int) -> String {
        let plain = "GET / HTTP/1.1\r\nHost: x\r\nA: \r\n\r\n"
        return plain.replacing("A: ", with: "A: " + String(repeating: "a", count: bytes - plain.utf8.count))
    }

    private static func fields(_ count: Int) -> String {
        "GET / HTTP/1.1\r\nHost: x\r\n" + String(repeating: "A: b\r\n", count: count - 1) + "\r\n"
    }

    private static let cases = [
        Case(limit: .head, within: [head(32 << 10)], beyond: [head((32 << 10) + 1)], answer: "HTTP/1.1 431 "),
        Case(limit: .fields, within: [fields(100)], beyond: [fields(101)], answer: "HTTP/1.1 431 "),
        Case(limit: .target, within: [line(8 << 10)], beyond: [line((8 << 10) + 1)], answer: "HTTP/1.1 414 "),
        Case(
            limit: .body,
            change: { $0.body = 10 },
            within: [Sample.post("0123456789")],
            beyond: [Sample.post("0123456789x")],
            answer: "HTTP/1.1 413 "
        ),
        Case(
            limit: .chunkExtensions,
            within: [chunked + "1;\(String(repeating: "e", count: 1023))\r\na\r\n0\r\n\r\n"],
            beyond: [chunked + "1;\(String(repeating: "e", count: 1024))\r\na\r\n0\r\n\r\n"],
            answer: "HTTP/1.1 431 "
        ),
        Case(
            limit: .trailers,
            within: [chunked + "0\r\na: \(String(repeating: "t", count: 8186))\r\n\r\n"],
            beyond: [chunked + "0\r\na: \(String(repeating: "t", count: 8190))\r\n\r\n"],
            answer: "HTTP/1.1 431 "
        ),
        Case(
            limit: .headerTimeout,
            within: ["GET ", "/a HTTP/1.1\r\n", "Host: x\r\n\r\n"],
            beyond: ["GET ", "/a HTTP/1.1\r\n", "Host:", " x\r\n\r\n"],
            seconds: 4,
            answer: "HTTP/1.1 408 "
        ),
        // 1 KiB a second is owed once ten seconds were waited.
        Case(
            limit: .bodyRate,
            within: [Sample.post(3000)] + Array(repeating: String(repeating: "a", count: 1000), count: 3),
            beyond: [Sample.post(3000)] + Array(repeating: String(repeating: "a", count: 500), count: 6),
            seconds: 4,
            answer: "HTTP/1.1 408 "
        ),
        Case(
            limit: .bodyIdle,
            within: [Sample.post(100_001) + String(repeating: "a", count: 100_000), "a"],
            beyond: [Sample.post(100_001) + String(repeating: "a", count: 100_000), "", "a"],
            seconds: 16,
            answer: "HTTP/1.1 408 "
        ),
        Case(
            limit: .idle,
            within: [Sample.get, Sample.get],
            beyond: [Sample.get, "", Sample.get],
            seconds: 59
        ),
    ]

    // SEC-109, SEC-701
    @Test(arguments: cases.map(\.limit))
    func refusesWhatIsBeyondTheBound(limit: EdgeLimit) throws {
        let test = try #require(Self.cases.first { $0.limit == limit })
        var limits = EdgeLimits()
        test.change(&limits)
        let good = ConnectionBench(limits: limits, ClosureService.bodies)
        Self.play(test.within, on: good, pausing: limit == .bodyRate ? 3.9 : test.seconds)
        #expect(good.transport.written.hasPrefix("HTTP/1.1 200 "))
        #expect(Self.counted(good) == [])

        let bad = ConnectionBench(limits: limits, ClosureService.bodies)
        Self.play(test.beyond, on: bad, pausing: test.seconds)
        if !test.answer.isEmpty { #expect(bad.transport.written.hasPrefix(test.answer)) }
        #expect(bad.transport.others.first == (test.answer.isEmpty ? .close : .finishWriting))
        #expect(Self.counted(bad) == [limit.rawValue])
    }

    private static func play(_ pieces: [String], on bench: ConnectionBench, pausing seconds: Double) {
        for (index, piece) in pieces.enumerated() {
            if index > 0, seconds > 0 { bench.pass(seconds) }
            if !piece.isEmpty { bench.receive(piece) }
        }
    }

    /// The names of the bounds that the metrics say were reached, each as often as it was.
    private static func counted(_ bench: ConnectionBench) -> [String] {
        bench.door.instruments(door: "public").filter { $0.name == "gw_edge_limit_reached_total" }.flatMap {
            instrument in
            let name = instrument.labels.first { $0.name == "limit" }?.value ?? ""
            return Array(repeating: name, count: Int(instrument.read()))
        }
    }

    // SEC-109
    @Test func cutsOffAClientThatTakesNothing() {
        let bench = ConnectionBench(ClosureService.paths)
        bench.receive(Sample.get)
        bench.setWritable(false)
        bench.pass(59)
        #expect(bench.transport.others == [])
        bench.pass(2)
        #expect(bench.transport.others == [.reset])
        #expect(Self.counted(bench) == ["send_idle"])
    }

    // SEC-109
    @Test func countsTheLastRequestOfAConnection() {
        var limits = EdgeLimits()
        limits.requestsPerConnection = 2
        let bench = ConnectionBench(limits: limits, ClosureService.paths)
        bench.receive(Sample.get)
        #expect(Self.counted(bench) == [])
        bench.receive(Sample.get)
        #expect(bench.transport.others == [.close])
        #expect(Self.counted(bench) == ["requests_per_connection"])
    }

    // SEC-109
    @Test func admitsEachPeerItsShareAndEverybodyTheirs() {
        var limits = EdgeLimits()
        limits.connections = 3
        limits.connectionsPerPeer = 2
        let door = Door(limits: limits)
        let (one, two) = (Peer(address: "192.0.2.1"), Peer(address: "192.0.2.2"))
        #expect([door.admit(one), door.admit(one), door.admit(one)] == [true, true, false])
        #expect([door.admit(two), door.admit(two)] == [true, false])
        let instruments = door.instruments(door: "public")
        #expect(instruments.value("gw_edge_limit_reached_total", "connections_per_peer") == 1)
        #expect(instruments.value("gw_edge_limit_reached_total", "connections") == 1)
        #expect(instruments.value("gw_edge_connections_refused_total") == 2)
        door.release(one)
        #expect(door.admit(two))
    }

    // SEC-701
    @Test func everyBoundHasATest() {
        let elsewhere: [EdgeLimit] = [.sendIdle, .connections, .connectionsPerPeer, .requestsPerConnection]
        #expect(Set(Self.cases.map(\.limit) + elsewhere) == Set(EdgeLimit.allCases))
    }
}
