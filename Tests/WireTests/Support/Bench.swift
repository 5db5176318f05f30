import NIOCore
import OstiaryCore
import OstiaryTesting

@testable import OstiaryWire

/// A door with a service behind it, on loopback, with a clock that moves by hand.
struct Bench: Sendable {
    let crew: Crew
    let clock: ManualClock
    let door: Door
    let listener: Listener
    let counters: DialCounters

    var port: Int { listener.port ?? 0 }

    /// Runs `body` with an open door and closes it afterwards.
    /// - Parameter service: made once for each worker.
    static func open<Result>(
        limits: EdgeLimits = EdgeLimits(),
        door: Door? = nil,
        workers: Int = 1,
        trust: Trust = Trust(),
        place: Listener.Place? = nil,
        tls: ServerTLS? = nil,
        clock: ManualClock = ManualClock(),
        service: @escaping @Sendable (Worker) -> any EdgeService,
        _ body: (Bench) async throws -> Result
    ) async throws -> Result {
        let counters = DialCounters()
        let crew = try Crew(count: workers, clock: clock, trust: trust, counters: counters)
        let door = door ?? Door(limits: limits)
        do {
            let listener = try await Listener.open(
                place ?? .address(host: "127.0.0.1", port: 0),
                door: door,
                crew: crew,
                tls: tls,
                service: service
            )
            let bench = Bench(crew: crew, clock: clock, door: door, listener: listener, counters: counters)
            let result = try await body(bench)
            await bench.close()
            return result
        } catch {
            await crew.stop()
            throw error
        }
    }

    private func close() async {
        await listener.stopAccepting()
        listener.cut()
        await crew.stop()
    }

    func client(receiveBuffer: Int32? = nil) throws -> RawConnection {
        try RawConnection(port: port, receiveBuffer: receiveBuffer)
    }

    /// Moves the clock and looks at every deadline.
    func pass(_ seconds: Double) async throws {
        // What the loops are in the middle of counts from before.
        try await settle()
        clock.advance(seconds)
        try await crew.checkDeadlines()
    }

    /// Returns once everything that the loops know of by now is done.
    func settle() async throws {
        for _ in 0..<3 { try await crew.checkDeadlines() }
    }
}
