import Foundation
import NIOCore
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryWire

/// A client, the gate's edge and dialler, and a provider, all on loopback.
@Suite struct RelayTests {
    private static let get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
    private static func post(_ body: String, _ path: String = "/p") -> String {
        "POST \(path) HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    private static func run(
        _ upstream: RecordingUpstream,
        settings: DialSettings = DialSettings(),
        deliveries: Observed<[Delivery]>? = nil,
        _ body: (Bench, RawConnection) async throws -> Void
    ) async throws {
        try await Bench.open(service: Forwarder.make(to: upstream, settings: settings, deliveries: deliveries)) {
            bench in
            try await body(bench, try bench.client())
        }
        upstream.stop()
    }

    @Test func carriesQuestionAndAnswer() async throws {
        let upstream = try RecordingUpstream()
        try await Self.run(upstream) { _, client in
            client.send(Self.post("hello"))
            let answer = try await client.answer()
            #expect(answer.status == 200)
            #expect(answer.text == #"{"ok":true}"#)
            #expect(answer["content-type"] == "application/json")
            #expect(upstream.requests.map(\.message.text) == ["hello"])
        }
    }

    @Test func usesOneConnectionForManyRequests() async throws {
        let upstream = try RecordingUpstream()
        try await Self.run(upstream) { bench, client in
            for number in 0..<5 {
                client.send(Self.post("body \(number)"))
                do {
                    let value = try await client.answer().status
                    #expect(value == 200)
                }
            }
            #expect(upstream.connections.count == 1)
            #expect(upstream.requests.map(\.message.text) == (0..<5).map { "body \($0)" })
            #expect(bench.counters.idle.current == 1)
            #expect(bench.counters.open.current == 1)
        }
    }

    @Test func notesEachOfPipelinedAnswersForItself() async throws {
        let upstream = try RecordingUpstream { request in
            [.answer(String(repeating: "x", count: request.number + 1))]
        }
        let deliveries = Observed<[Delivery]>([])
        try await Self.run(upstream, deliveries: deliveries) { _, client in
            client.send(Self.get + Self.get + Self.get)
            for _ in 0..<3 { _ = try await client.answer() }
            let noted = try await deliveries.wait("three deliveries") { $0.count == 3 }
            #expect(noted.map(\.bytesOut).sorted() == [1, 2, 3])
            #expect(noted.map(\.status) == [200, 200, 200])
        }
    }

    @Test func asksOnceMoreWhenAKeptConnectionWasClosed() async throws {
        let upstream = try RecordingUpstream { request in
            request.connection == 0 && request.number == 1 ? [.reset] : [.answer()]
        }
        try await Self.run(upstream) { bench, client in
            client.send(Self.post("one"))
            do {
                let value = try await client.answer().status
                #expect(value == 200)
            }
            client.send(Self.post("two"))
            do {
                let value = try await client.answer().status
                #expect(value == 200)
            }
            #expect(upstream.requests.map(\.message.text) == ["one", "two", "two"])
            #expect(bench.counters.retries.current == 1)
        }
    }

    @Test func asksOnceMoreOnlyOnce() async throws {
        let upstream = try RecordingUpstream { $0.number == 0 ? [.answer()] : [.reset] }
        try await Self.run(upstream) { bench, client in
            client.send(Self.post("one"))
            do {
                let value = try await client.answer().status
                #expect(value == 200)
            }
            client.send(Self.post("two"))
            do {
                let value = try await client.answer().status
                #expect(value == 502)
            }
            #expect(upstream.requests.count == 3)
        }
    }

    @Test func doesNotAskAgainAfterABrokenAnswer() async throws {
        let upstream = try RecordingUpstream {
            $0.number == 0 ? [.answer()] : [.send("HTTP/1.1 2"), .close]
        }
        try await Self.run(upstream) { bench, client in
            client.send(Self.post("one"))
            do {
                let value = try await client.answer().status
                #expect(value == 200)
            }
            client.send(Self.post("two"))
            do {
                let value = try await client.answer().status
                #expect(value == 502)
            }
            #expect(upstream.requests.count == 2)
        }
    }

    @Test func answers502WhenNobodyListens() async throws {
        let upstream = try RecordingUpstream()
        let origin = try #require(Origin("http://127.0.0.1:1"))
        try await Bench.open(service: { Forwarder($0, to: origin) }) { bench in
            let client = try bench.client()
            client.send(Self.get)
            let answer = try await client.answer()
            #expect(answer.status == 502)
            #expect(answer.text.contains("connect"))
            client.send(Self.get)
            do {
                let value = try await client.answer().status
                #expect(value == 502)
            }
        }
        upstream.stop()
    }

    // SEC-505
    @Test(arguments: [
        "HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\nshort",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nshort\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nsho",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nshort\r\n0\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nshortXX",
    ])
    func endsACutAnswerAbnormally(_ raw: String) async throws {
        let latch = Latch()
        let upstream = try RecordingUpstream { _ in [.send(raw), .wait(latch), .close] }
        let deliveries = Observed<[Delivery]>([])
        try await Self.run(upstream, deliveries: deliveries) { _, client in
            client.send(Self.get)
            try await client.receive(until: "\r\n\r\n")
            latch.open()
            let answer = try await client.answer()
            #expect(!answer.isComplete)
            try await deliveries.wait("a delivery") { $0.first?.cut == .upstream }
        }
    }

    @Test func takesAResetForACutWhereOnlyTheCloseEndsTheBody() async throws {
        let latch = Latch()
        let upstream = try RecordingUpstream { _ in [.send("HTTP/1.1 200 OK\r\n\r\nsome"), .wait(latch), .reset] }
        try await Self.run(upstream) { _, client in
            client.send(Self.get)
            try await client.receive(until: "some")
            latch.open()
            do {
                let value = try await client.answer().isComplete
                #expect(!value)
            }
        }
    }

    @Test func carriesABodyThatEndsWithItsConnection() async throws {
        let upstream = try RecordingUpstream { _ in [.send("HTTP/1.1 200 OK\r\n\r\nsome"), .close] }
        try await Self.run(upstream) { bench, client in
            client.send(Self.get)
            let answer = try await client.answer()
            #expect(answer.isComplete)
            #expect(answer.text == "some")
            #expect(bench.counters.idle.current == 0)
        }
    }

    // SEC-509
    @Test(arguments: [
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil",
        "HTTP/1.1 204 No Content\r\ncontent-length: 4\r\n\r\nevil",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nevil",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok",
    ])
    func doesNotKeepAConnectionWithSomethingLeftOver(_ raw: String) async throws {
        let upstream = try RecordingUpstream { request in
            request.number == 0 ? [.send(raw)] : [.answer("good")]
        }
        try await Self.run(upstream) { _, client in
            client.send(Self.get)
            let first = try await client.answer()
            #expect(first.isComplete)
            #expect(!first.text.contains("evil"))
            client.send(Self.get)
            do {
                let value = try await client.answer().text
                #expect(value == "good")
            }
            #expect(upstream.requests.map(\.connection) == [0, 1])
        }
    }

    @Test func dropsAKeptConnectionThatSpeaksUnasked() async throws {
        let latch = Latch()
        let upstream = try RecordingUpstream { request in
            request.number == 0
                ? [.answer(), .wait(latch), .send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil")]
                : [.answer("good")]
        }
        try await Self.run(upstream) { bench, client in
            client.send(Self.get)
            _ = try await client.answer()
            latch.open()
            try await upstream.left(0)
            #expect(bench.counters.idle.current == 0)
            client.send(Self.get)
            do {
                let value = try await client.answer().text
                #expect(value == "good")
            }
        }
    }

    @Test func skipsInterimAnswers() async throws {
        let upstream = try RecordingUpstream { _ in
            [
                .send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"),
                .answer("done"),
            ]
        }
        try await Self.run(upstream) { _, client in
            client.send(Self.get)
            do {
                let value = try await client.answer().text
                #expect(value == "done")
            }
            client.send(Self.get)
            do {
                let value = try await client.answer().text
                #expect(value == "done")
            }
        }
    }

    @Test func endsAFloodOfInterimAnswers() async throws {
        let upstream = try RecordingUpstream { _ in [.flood(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))] }
        try await Self.run(upstream) { _, client in
            client.send(Self.get)
            do {
                let value = try await client.answer().status
                #expect(value == 502)
            }
        }
    }

    @Test(arguments: ["HTTP/1.1 101 Switching Protocols\r\n\r\n", "HTTP/2 200\r\n\r\n", "HTTP/1.1 999 No\r\n\r\n"])
    func answers502ToWhatItCannotRead(_ raw: String) async throws {
        let upstream = try RecordingUpstream { _ in [.send(raw)] }
        try await Self.run(upstream) { _, client in
            client.send(Self.get)
            do {
                let value = try await client.answer().status
                #expect(value == 502)
            }
            try await upstream.left(0)
        }
    }

    @Test func answersHEADWithoutBody() async throws {
        let upstream = try RecordingUpstream { _ in
            [.send("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")]
        }
        try await Self.run(upstream) { _, client in
            for _ in 0..<2 {
                client.send("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n")
                do {
                    let value = try await client.answer(toHEAD: true).status
                    #expect(value == 200)
                }
            }
            #expect(upstream.connections.count == 1)
        }
    }

    // SEC-703
    @Test(arguments: [false, true])
    func leavesTheProviderWhenTheClientLeavesBeforeTheHead(_ byReset: Bool) async throws {
        let upstream = try RecordingUpstream { _ in [.wait(Latch())] }
        let deliveries = Observed<[Delivery]>([])
        try await Self.run(upstream, deliveries: deliveries) { bench, client in
            client.send(Self.post("question"))
            try await upstream.requests(1)
            if byReset { client.reset() } else { client.leave() }
            try await upstream.left(0)
            try await deliveries.wait("the service ends") { $0.first?.cut == .client }
            #expect(bench.counters.open.current == 0)
        }
    }

    @Test func leavesTheProviderWhenTheClientLeavesDuringTheStream() async throws {
        let upstream = try RecordingUpstream { _ in
            [.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"), .wait(Latch())]
        }
        let deliveries = Observed<[Delivery]>([])
        try await Self.run(upstream, deliveries: deliveries) { _, client in
            client.send(Self.get)
            try await client.receive(until: "hello")
            client.leave()
            try await upstream.left(0)
            do {
                let value = try await deliveries.wait("a delivery") { !$0.isEmpty }.first?.cut
                #expect(value == .client)
            }
        }
    }

    @Test func leavesTheProviderWhenAPausedClientLeaves() async throws {
        let upstream = try RecordingUpstream { _ in [.wait(Latch())] }
        try await Self.run(upstream) { _, client in
            // More than the window, so that the client is paused while it waits.
            client.send(Self.get + String(repeating: Self.get, count: 4000))
            try await upstream.requests(1)
            client.leave()
            try await upstream.left(0)
        }
    }

    @Test func leavesTheProviderWhenTheClientLeavesWithinItsBody() async throws {
        let upstream = try RecordingUpstream()
        try await Self.run(upstream) { _, client in
            client.send("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf")
            try await upstream.record.wait("the beginning comes") { record in
                record.connections.first.map { String(decoding: $0, as: UTF8.self).hasSuffix("half") } ?? false
            }
            client.leave()
            try await upstream.left(0)
            #expect(upstream.requests.isEmpty)
        }
    }

    @Test func sendsALongBodyOnAsItComes() async throws {
        let upstream = try RecordingUpstream { request in [.answer("\(request.message.body.count)")] }
        let body = String(repeating: "0123456789", count: 300_000)
        try await Self.run(upstream) { _, client in
            _ = try await blocking { client.send(Self.post(body)) }
            do {
                let value = try await client.answer().text
                #expect(value == "3000000")
            }
            #expect(upstream.requests.first?.message["content-length"] == "3000000")
            client.send(Self.get)
            do {
                let value = try await client.answer().status
                #expect(value == 200)
            }
            #expect(upstream.connections.count == 1)
        }
    }

    @Test func sendsAChunkedBodyOnInChunksOfItsOwn() async throws {
        let upstream = try RecordingUpstream { request in [.answer(request.message.text)] }
        try await Self.run(upstream) { _, client in
            client.send("POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;ext=1\r\nabc\r\n")
            try await upstream.record.wait("the first chunk") {
                $0.connections.first.map { String(decoding: $0, as: UTF8.self).contains("abc") } ?? false
            }
            client.send("2\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n")
            do {
                let value = try await client.answer().text
                #expect(value == "abcde")
            }
            let sent = String(decoding: upstream.connections[0], as: UTF8.self)
            #expect(!sent.contains("ext=1"))
            #expect(!sent.lowercased().contains("x-trailer"))
        }
    }

    @Test func sendsNoCompleteRequestForABrokenBody() async throws {
        let upstream = try RecordingUpstream()
        try await Self.run(upstream) { _, client in
            client.send("POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
            try await upstream.record.wait("the first chunk") {
                $0.connections.first.map { String(decoding: $0, as: UTF8.self).contains("abc") } ?? false
            }
            client.send("zz\r\n")
            do {
                let value = try await client.answer().status
                #expect(value == 400)
            }
            do {
                let value = try await client.receiveEnd()
                #expect(value == .clean)
            }
            try await upstream.left(0)
            #expect(upstream.requests.isEmpty)
        }
    }

    @Test func carriesAnAnswerThatComesBeforeTheRequestIsComplete() async throws {
        let upstream = try RecordingUpstream(at: .head) { _ in
            [.send("HTTP/1.1 413 No\r\ncontent-length: 4\r\n\r\nlong")]
        }
        try await Self.run(upstream) { bench, client in
            // The rest of the body never comes.
            client.send("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf")
            let answer = try await client.answer()
            #expect(answer.status == 413)
            #expect(answer.text == "long")
            try await upstream.left(0)
            #expect(bench.counters.idle.current == 0)
        }
    }

    @Test func goesOnSendingWhileTheAnswerComes() async throws {
        let latch = Latch()
        let upstream = try RecordingUpstream(at: .head) { _ in
            [
                .send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n"), .wait(latch),
                .send("0\r\n\r\n"),
            ]
        }
        try await Self.run(upstream) { bench, client in
            client.send("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\nhalf")
            try await client.receive(until: "hi")
            client.send("rest")
            try await bench.settle()
            latch.open()
            do {
                let value = try await client.answer().isComplete
                #expect(value)
            }
            try await upstream.record.wait("the rest comes") { record in
                record.connections.first.map { String(decoding: $0, as: UTF8.self).hasSuffix("halfrest") } ?? false
            }
        }
    }

    // MARK: Time

    @Test func answers504WhenTheHeadDoesNotCome() async throws {
        let upstream = try RecordingUpstream { _ in [.wait(Latch())] }
        try await Self.run(upstream) { bench, client in
            client.send(Self.post("question"))
            try await upstream.requests(1)
            try await bench.pass(299)
            try await bench.pass(2)
            let answer = try await client.answer()
            #expect(answer.status == 504)
            try await upstream.left(0)
        }
    }

    @Test func letsAStreamBeSilentForAsLongAsItLikes() async throws {
        let latches = (0..<16).map { _ in Latch() }
        let upstream = try RecordingUpstream { _ in
            [.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")]
                + latches.enumerated().flatMap { number, latch in
                    [RecordingUpstream.Step.wait(latch), .send("4\r\n<\(String(format: "%02d", number))>\r\n")]
                } + [.send("0\r\n\r\n")]
        }
        try await Self.run(upstream) { bench, client in
            client.send(Self.get)
            try await client.receive(until: "\r\n\r\n")
            for (number, latch) in latches.enumerated() {
                try await bench.pass(40)
                latch.open()
                try await client.receive(until: String(format: "<%02d>", number))
            }
            do {
                let value = try await client.answer().isComplete
                #expect(value)
            }
        }
    }

    @Test func answers504WhenTheProviderTakesNothingOfTheRequest() async throws {
        let upstream = try RecordingUpstream(at: .connection, receiveBuffer: 4096) { _ in [.wait(Latch())] }
        try await Self.run(upstream) { bench, client in
            let size = 30_000_000
            client.send("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: \(size)\r\n\r\n")
            let taken = try await blocking {
                let piece = [UInt8](repeating: 0x61, count: 100_000)
                var sent = 0
                while sent < size, client.send(piece, milliseconds: 300) { sent += piece.count }
                return sent
            }
            // SEC-701: a slow provider slows the client; nothing piles up here.
            #expect(taken < size)
            try await bench.pass(301)
            do {
                let value = try await client.answer().status
                #expect(value == 504)
            }
        }
    }

    @Test func stopsReadingAProviderWhoseClientIsSlow() async throws {
        let upstream = try RecordingUpstream { _ in
            [
                .send("HTTP/1.1 200 OK\r\ncontent-length: 100000000000\r\n\r\n"),
                .flood([UInt8](repeating: 0x61, count: 65_536)),
            ]
        }
        try await Bench.open(service: Forwarder.make(to: upstream)) { bench in
            let client = try bench.client(receiveBuffer: 4096)
            client.send(Self.get)
            try await client.receive(until: "\r\n\r\n")
            // The flood stands still when all buffers are full.
            var before = -1
            while upstream.record.value.flooded != before {
                before = upstream.record.value.flooded
                _ = try? await upstream.record.wait("nothing", seconds: 0.4) { [before] in $0.flooded < before }
            }
            #expect(before < 64_000_000)
            client.leave()
            try await upstream.left(0)
        }
        upstream.stop()
    }

    @Test func closesKeptConnectionsThatNobodyUses() async throws {
        let upstream = try RecordingUpstream()
        try await Self.run(upstream) { bench, client in
            client.send(Self.get)
            _ = try await client.answer()
            try await bench.settle()
            #expect(bench.counters.idle.current == 1)
            try await bench.pass(31)
            try await upstream.left(0)
            #expect(bench.counters.idle.current == 0)
            #expect(bench.counters.open.current == 0)
        }
    }

    @Test func keepsNoMoreConnectionsThanItsBound() async throws {
        let latch = Latch()
        let upstream = try RecordingUpstream { _ in [.wait(latch), .answer()] }
        var settings = DialSettings()
        settings.idleConnections = 2
        try await Self.run(upstream, settings: settings) { bench, _ in
            let clients = try (0..<4).map { _ in try bench.client() }
            for client in clients { client.send(Self.get) }
            try await upstream.requests(4)
            latch.open()
            for client in clients { #expect(try await client.answer().status == 200) }
            try await bench.settle()
            #expect(bench.counters.idle.current == 2)
        }
    }

    @Test func speaksHTTP10WithItsClient() async throws {
        let upstream = try RecordingUpstream { _ in
            [.send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n")]
        }
        try await Self.run(upstream) { _, client in
            client.send("GET /a HTTP/1.0\r\nHost: x\r\n\r\n")
            let answer = try await client.answer()
            #expect(answer.text == "hi")
            #expect(answer["transfer-encoding"] == nil)
            #expect(client.ending == .clean)
        }
    }
}
