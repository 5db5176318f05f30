import Foundation
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryServer

/// Doors that move to another address, and limits that change for connections that are open.
@Suite struct MovingTests {
    private func freePort() throws -> UInt16 {
        let free = try Socket.listen()
        defer { free.socket.end() }
        return UInt16(free.port)
    }

    @Test func thePublicDoorMovesWithoutLosingAnAnswer() async throws {
        try await GateRig.run(upstream: RecordingUpstream.handingOver()) { rig async throws in
            let old = rig.gate.port
            let busy = try rig.client()
            busy.send(rig.chatRequest(stream: true))
            let provider = try await rig.upstream.handed()
            provider.send(RecordingUpstream.streamHead + RecordingUpstream.chunk("data: 1\n\n"))
            try await busy.receive(until: "data: 1")
            let idle = try rig.client()
            idle.send(rig.request("GET", "/health"))
            #expect(try await idle.answer().status == 200)

            let port = try freePort()
            let report = await rig.reload { $0.listen.address = .init(host: "127.0.0.1", port: port) }
            #expect(report.outcome == .applied)
            #expect(rig.gate.port == Int(port))
            #expect(throws: (any Error).self) { try RawConnection(port: old) }
            // Idle connections of the old address have a second in which an answer may tell them.
            #expect(try await idle.staysSilent(milliseconds: 20))
            try await wait(for: "the idle connection to end") {
                rig.clock.advance(0.5)
                return try await rig.metric(#"gw_edge_connections{door="public"}"#) == 1
            }
            try await idle.receiveEnd()
            #expect(try await rig.ask("GET", "/health").text.contains(#""status":"ok""#))
            #expect(try await rig.askAdmin("GET", "/health").status == 200)

            provider.send(RecordingUpstream.chunk("data: 2\n\n") + "0\r\n\r\n")
            #expect(try await busy.answer().text == "data: 1\n\ndata: 2\n\n")
            // It was told that the connection is kept, and might have asked once more.
            try await rig.pass(0.6)
            try await busy.receiveEnd()
            try await wait(for: "the last connection to end") {
                try await rig.metric(#"gw_edge_connections{door="public"}"#) == 0
            }
            // Two at the old address, one at the new.
            #expect(try await rig.metric(#"gw_edge_requests_total{door="public"}"#) == 3)
        }
    }

    @Test func aDoorMovesBesideItself() async throws {
        let port = try freePort()
        try await GateRig.run({ $0.listen.address = .init(host: "127.0.0.1", port: port) }) { rig async throws in
            #expect(try await rig.chat().status == 200)
            let report = await rig.reload { $0.listen.address = .init(host: "0.0.0.0", port: port) }
            #expect(report.outcome == .applied)
            #expect(report.waiting == [])
            #expect(rig.gate.port == Int(port))
            for _ in 0..<10 { #expect(try await rig.chat().status == 200) }
        }
    }

    @Test func whatIsLeftAtTheOldAddressIsCutWithTheGate() async throws {
        try await GateRig.run(upstream: RecordingUpstream.handingOver()) { rig async throws in
            let busy = try rig.client()
            busy.send(rig.chatRequest(stream: true))
            let provider = try await rig.upstream.handed()
            provider.send(RecordingUpstream.streamHead + RecordingUpstream.chunk("data: 1\n\n"))
            try await busy.receive(until: "data: 1")
            let port = try freePort()
            await rig.reload { $0.listen.address = .init(host: "127.0.0.1", port: port) }
            rig.gate.cut()
            #expect(try await !busy.answer().isComplete)
            busy.leave()
        }
    }

    @Test func theAdminDoorMovesAndAnswersTheOneWhoMovedIt() async throws {
        let folder = NSTemporaryDirectory()
        let paths = (0..<2).map { _ in folder + "ostiary-\(UInt32.random(in: 0 ... .max)).sock" }
        try await GateRig.run({ $0.admin.socket = paths[0] }) { rig async throws in
            let port = try freePort()
            var next = rig.gate.configuration
            next.admin.address = .init(host: "127.0.0.1", port: port)
            next.admin.socket = paths[1]
            rig.desk.put(next)
            let line = try RawConnection(path: paths[0])
            line.send(
                "POST /reload HTTP/1.1\r\nHost: ostiary\r\nContent-Type: application/json\r\nContent-Length: 0\r\n\r\n"
            )
            let answer = try await line.answer()
            #expect(answer.status == 200)
            #expect(answer.text.contains(#""changed":["admin.address","admin.socket"]"#))
            line.leave()
            #expect(rig.gate.adminPort == Int(port))
            #expect(try await rig.askAdmin("GET", "/health").status == 200)
            #expect(!FileManager.default.fileExists(atPath: paths[0]))
            let other = try RawConnection(path: paths[1])
            other.send("GET /health HTTP/1.1\r\nHost: ostiary\r\n\r\n")
            #expect(try await other.answer().status == 200)
            other.leave()
            #expect(await rig.reload { $0.admin.socket = nil }.outcome == .applied)
            #expect(!FileManager.default.fileExists(atPath: paths[1]))
        }
    }

    @Test func limitsChangeForConnectionsThatAreOpen() async throws {
        try await GateRig.run { rig async throws in
            let line = try rig.client()
            line.send(rig.chatRequest())
            #expect(try await line.answer().status == 200)
            await rig.reload { configuration in
                configuration.listen.limits.body = 20
                configuration.listen.limits.connections = 2
            }
            #expect(try await rig.metric(#"gw_edge_connections_limit{door="public"}"#) == 2)
            line.send(rig.chatRequest())
            #expect(try await line.answer().status == 413)
            line.leave()
            await rig.reload { $0.listen.limits.body = 1 << 20 }
            #expect(try await rig.chat().status == 200)
        }
    }

    @Test func aPortThatIsTakenOpensNeitherDoor() async throws {
        let taken = try Socket.listen()
        defer { taken.socket.end() }
        try await GateRig.run { rig async throws in
            let (port, admin) = (rig.gate.port, rig.gate.adminPort)
            let wanted = try freePort()
            let report = await rig.reload { configuration in
                configuration.listen.address = .init(host: "127.0.0.1", port: wanted)
                configuration.admin.address = .init(host: "127.0.0.1", port: UInt16(taken.port))
            }
            #expect(report.outcome == .failed)
            #expect(report.reason == "127.0.0.1:\(taken.port) is in use by another program")
            #expect((rig.gate.port, rig.gate.adminPort) == (port, admin))
            #expect(throws: (any Error).self) { try RawConnection(port: Int(wanted)) }
            #expect(try await rig.chat().status == 200)
        }
    }
}
