import Foundation
import NIOCore
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryWire

/// A door on a real socket.
@Suite struct EdgeTests {
    @Test func answersOnOneConnectionAgainAndAgain() async throws {
        try await Bench.open(service: echoingPaths) { bench async throws in
            let client = try bench.client()
            for path in ["/a", "/b", "/c"] {
                client.send("GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(try await client.answer().text == path)
            }
            #expect(bench.door.requests.current == 3)
        }
    }

    @Test func answersThousandsOfPipelinedRequestsInOrder() async throws {
        try await Bench.open(service: echoingPaths) { bench async throws in
            let client = try bench.client()
            let count = 5000
            async let sent = blocking {
                client.send((0..<count).map { "GET /\($0) HTTP/1.1\r\nHost: x\r\n\r\n" }.joined())
            }
            #expect(try await sent)
            for number in 0..<count { #expect(try await client.answer().text == "/\(number)") }
        }
    }

    @Test func sendsAllOfALongAnswerBeforeItCloses() async throws {
        let size = 8_000_000
        try await Bench.open(service: { worker in
            ClosureService(worker) { _, _, _, reply in
                _ = reply.send(status: 200, body: ByteBuffer(repeating: 0x61, count: size))
            }
        }) { bench async throws in
            let client = try bench.client(receiveBuffer: 4096)
            client.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            try await client.receive(until: "\r\n\r\n")
            let answer = try await client.answer()
            #expect(answer.isComplete)
            #expect(answer.body.count == size)
            #expect(try await client.receiveEnd() == .clean)
        }
    }

    @Test func resetsAClientThatDoesNotTakeTheEnd() async throws {
        try await Bench.open(service: { worker in
            ClosureService(worker) { _, _, _, reply in
                _ = reply.send(status: 200, body: ByteBuffer(repeating: 0x61, count: 8_000_000))
            }
        }) { bench async throws in
            let client = try bench.client(receiveBuffer: 4096)
            client.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            try await client.receive(until: "\r\n\r\n")
            try await bench.pass(61)
            try await bench.pass(61)
            #expect(bench.door.openConnections == 0)
            #expect(try await client.receiveEnd() == .reset)
        }
    }

    @Test func closesAnAnswerSoThatItIsNotLostToWhatFollowsTheRequest() async throws {
        try await Bench.open(service: echoingPaths) { bench async throws in
            let client = try bench.client()
            client.send(
                "GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" + String(repeating: Sample.get, count: 100)
            )
            #expect(try await client.answer().text == "/a")
            do {
                let value = try await client.receiveEnd()
                #expect(value == .clean)
            }
        }
    }

    // SEC-102
    @Test func neverReadsARequestOutOfARefusedBody() async throws {
        let paths = Observed<[String]>([])
        try await Bench.open(service: { worker in
            ClosureService(worker) { _, head, _, reply in
                paths.change { $0.append(head.path) }
                _ = reply.send(status: 413, body: ByteBuffer())
            }
        }) { bench async throws in
            for length in [46, 1_000_000] {
                let client = try bench.client()
                client.send("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: \(length)\r\n\r\n")
                #expect(try await client.answer().status == 413)
                client.send("GET /smuggled HTTP/1.1\r\nHost: gate.example\r\n\r\n")
                client.finishSending()
                try await client.receiveEnd()
                #expect(client.unread == [])
            }
            #expect(paths.value == ["/p", "/p"])
        }
    }

    @Test func listensOnASocketFile() async throws {
        let path = NSTemporaryDirectory() + "ostiary-\(UInt32.random(in: 0 ... .max)).sock"
        try await Bench.open(place: .unixSocket(path: path), service: echoingPaths) { _ in
            let client = try RawConnection(path: path)
            client.send(Sample.get)
            #expect(try await client.answer().text == "/a")
        }
        unlink(path)
    }

    // SEC-109
    @Test func refusesConnectionsBeyondItsBound() async throws {
        var limits = EdgeLimits()
        limits.connections = 2
        try await Bench.open(limits: limits, service: echoingPaths) { bench async throws in
            let first = try bench.client()
            let second = try bench.client()
            for client in [first, second] {
                client.send(Sample.get)
                #expect(try await client.answer().status == 200)
            }
            let third = try bench.client()
            try await third.receiveEnd()
            #expect(third.unread == [])
            #expect(bench.door.refusedConnections.current == 1)
            first.leave()
            try await second.roundTrip(until: { bench.door.openConnections == 1 })
            let fourth = try bench.client()
            fourth.send(Sample.get)
            #expect(try await fourth.answer().status == 200)
        }
    }

    @Test func givesEveryPlaceBack() async throws {
        try await Bench.open(workers: 2, service: echoingPaths) { bench async throws in
            let last = try bench.client()
            for number in 0..<60 {
                let client = try bench.client()
                switch number % 4 {
                case 0: client.reset()
                case 1: client.leave()
                case 2:
                    client.send("GET /")
                    client.leave()
                default:
                    client.send(Sample.get)
                    _ = try await client.answer()
                    client.reset()
                }
            }
            try await last.roundTrip(until: { bench.door.openConnections == 1 })
            #expect(bench.door.openConnections == 1)
        }
    }

    @Test func boundsTheConnectionsOfOnePeer() async throws {
        var limits = EdgeLimits()
        limits.connectionsPerPeer = 1
        try await Bench.open(limits: limits, service: echoingPaths) { bench async throws in
            let first = try bench.client()
            first.send(Sample.get)
            #expect(try await first.answer().status == 200)
            let second = try bench.client()
            try await second.receiveEnd()
            #expect(second.unread == [])
        }
    }

    // SEC-706
    @Test func drainsIdleConnectionsAndFinishesTheOthers() async throws {
        let asked = Latch()
        try await Bench.open(service: { worker in
            ClosureService(worker) { _, head, body, reply in
                if head.method == .post { asked.open() }
                while let piece = try? await body.next() { _ = piece }
                _ = reply.send(status: 200, body: ByteBuffer(string: head.path))
            }
        }) { bench async throws in
            let idle = try bench.client()
            idle.send(Sample.get)
            #expect(try await idle.answer().status == 200)
            let busy = try bench.client()
            busy.send("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n")
            try await asked.wait()
            bench.listener.drain()
            #expect(try await idle.receiveEnd() == .clean)
            busy.send("hi")
            let answer = try await busy.answer()
            #expect(answer.text == "/p")
            #expect(answer["connection"] == "close")
            #expect(try await busy.receiveEnd() == .clean)
        }
    }

    @Test func whoWasToldThatAConnectionIsKeptMayAskOnceMore() async throws {
        let ends = Latch()
        try await Bench.open(service: { worker in
            ClosureService(worker) { _, head, body, reply in
                guard head.path == "/stream" else {
                    _ = reply.send(status: 200, body: ByteBuffer(string: head.path))
                    return
                }
                var stream = reply.stream(status: 200)
                try? await stream.write(ByteBuffer(string: "begun"))
                try? await ends.wait()
                _ = stream.finish()
            }
        }) { bench async throws in
            let lines = try (0..<2).map { _ in try bench.client() }
            for line in lines {
                line.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
                try await line.receive(until: "begun")
            }
            bench.listener.announceEnd()
            ends.open()
            for line in lines { #expect(try await line.answer().isComplete) }
            lines[0].send(Sample.get)
            let answer = try await lines[0].answer()
            #expect(answer.status == 200)
            #expect(answer["connection"] == "close")
            #expect(try await lines[0].receiveEnd() == .clean)
            // And who does not ask is let go soon.
            #expect(try await lines[1].staysSilent(milliseconds: 20))
            try await bench.pass(0.6)
            #expect(try await lines[1].receiveEnd() == .clean)
        }
    }

    @Test func cutsWhatIsInFlightSoThatItDoesNotLookComplete() async throws {
        let begun = Latch()
        let cut = Observed<Entry.Cut?>(nil)
        try await Bench.open(service: { worker in
            ClosureService(worker) { _, _, body, reply in
                var stream = reply.stream(status: 200)
                try? await stream.write(ByteBuffer(string: "abc"))
                begun.open()
                while let piece = try? await body.next() { _ = piece }
                let delivery = stream.finish()
                cut.change { $0 = delivery.cut }
            }
        }) { bench async throws in
            let client = try bench.client()
            client.send("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n")
            try await begun.wait()
            try await client.receive(until: "abc")
            bench.listener.cut()
            #expect(try await !client.answer().isComplete)
            do {
                let value = try await cut.wait("the service learns it") { $0 != nil }
                #expect(value == .shutdown)
            }
        }
    }

    @Test func pausesAClientWhoseBodyNobodyTakes() async throws {
        let go = Latch()
        let size = 20_000_000
        try await Bench.open(service: { worker in
            ClosureService(worker) { _, _, body, reply in
                // The loop must go on while the service waits.
                while !go.isOpen { await Task.yield() }
                var count = 0
                while let piece = try? await body.next() { count += piece.readableBytes }
                _ = reply.send(status: 200, body: ByteBuffer(string: "\(count)"))
            }
        }) { bench async throws in
            let client = try bench.client()
            client.send("POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: \(size)\r\n\r\n")
            let piece = [UInt8](repeating: 0x61, count: 100_000)
            let taken = try await blocking {
                var sent = 0
                while sent < size, client.send(piece, milliseconds: 200) { sent += piece.count }
                return sent
            }
            // What the kernel holds for both sides is all that was taken besides the window.
            #expect(taken < size)
            go.open()
            _ = try await blocking { client.send([UInt8](repeating: 0x61, count: size - taken)) }
        }
    }
}

extension RawConnection {
    /// Asks until something that the server does by itself has happened.
    func roundTrip(until isSo: () -> Bool) async throws {
        for _ in 0..<1000 where !isSo() {
            send("GET /again HTTP/1.1\r\nHost: x\r\n\r\n")
            _ = try await answer()
        }
    }
}
