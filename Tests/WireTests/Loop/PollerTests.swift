import Glibc
import NIOCore
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryWire

/// Events that were fetched together, and what the first of them does to the rest.
@Suite struct PollerTests {
    private final class Line {
        let owner = RecordingOwner()
        let transport: SocketTransport
        let peer: Socket

        init(on loop: Loop) throws {
            let ours: Descriptor
            (ours, peer) = try SocketBench.pair()
            transport = SocketTransport(ours, to: .client, on: loop, owner: owner)
            transport.start()
        }
    }

    @Test func forgetsEventsOfAConnectionThatWasClosedInTheSameRound() throws {
        let loop = Loop(turnedByHand: SystemClock())
        let lines = try (0..<8).map { _ in try Line(on: loop) }
        // Whoever is first ends all the others.
        for line in lines {
            line.owner.whenReceived = { _ in
                for other in lines where other !== line { other.transport.resetNow() }
            }
            line.peer.write("x".utf8)
        }
        loop.run()
        #expect(lines.filter { $0.owner.text == "x" }.count == 1)
        #expect(lines.filter(\.owner.isClosed).count == 7)
        for line in lines { line.transport.resetNow() }
    }

    @Test func givesNobodyTheEventsOfWhoHadTheirNumberBefore() throws {
        let loop = Loop(turnedByHand: SystemClock())
        let lines = try (0..<8).map { _ in try Line(on: loop) }
        var successors: [Line] = []
        for line in lines {
            line.owner.whenReceived = { _ in
                guard successors.isEmpty else { return }
                let gone = lines.filter { $0 !== line }
                let numbers = Set(gone.map(\.transport.descriptor.number))
                for other in gone { other.transport.resetNow() }
                // The system gives the lowest free numbers: those that have events waiting in this round.
                successors = (0..<7).compactMap { _ in try? Line(on: loop) }
                // A client that is not read from is gone when its peer is said to be.
                for line in successors { line.transport.setReading(false) }
                #expect(!numbers.isDisjoint(with: successors.map(\.transport.descriptor.number)))
            }
            line.peer.write("x".utf8)
            line.peer.end()
        }
        loop.run()
        #expect(successors.count == 7)
        #expect(successors.allSatisfy { $0.owner.events == [.attached] })
        for line in successors {
            line.transport.setReading(true)
            line.peer.write("y".utf8)
        }
        loop.run()
        #expect(successors.allSatisfy { $0.owner.text == "y" })
        for line in lines + successors { line.transport.resetNow() }
    }

    @Test func countsWhoIsWatched() throws {
        let loop = Loop(turnedByHand: SystemClock())
        #expect(loop.poller.count == 0)
        let lines = try (0..<3).map { _ in try Line(on: loop) }
        #expect(loop.poller.count == 3)
        lines[1].transport.resetNow()
        #expect(loop.poller.count == 2)
        let next = try Line(on: loop)
        #expect(loop.poller.count == 3)
        for line in lines + [next] { line.transport.resetNow() }
        #expect(loop.poller.count == 0)
        #expect(loop.poller.all.isEmpty)
    }

    @Test func refusesWhatCannotBeWatched() throws {
        let loop = Loop(turnedByHand: SystemClock())
        let owner = RecordingOwner()
        SocketTransport(.none, to: .client, on: loop, owner: owner).start()
        #expect(owner.events == [.closed(failed: true)])
        #expect(loop.poller.count == 0)
    }
}
