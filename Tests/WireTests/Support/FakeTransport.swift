import NIOCore
import OstiaryCore
import OstiaryTesting

@testable import OstiaryWire

/// A transport without a socket: keeps what is done to it and says what the test wants it to say.
final class FakeTransport: Transport {
    enum Action: Equatable {
        case write(String)
        case flush
        case reading(Bool)
        case finishWriting
        case close
        case reset
    }

    private(set) var actions: [Action] = []
    var isWritable = true
    private(set) var isReading = true
    /// Runs inside `flush`, where a real transport may call back.
    var whileFlushing: (() -> Void)?
    /// Runs inside `close` and `reset`, as a real transport tells its owner at once.
    var whileClosing: (() -> Void)?

    func write(_ bytes: ByteBuffer) { actions.append(.write(String(buffer: bytes))) }
    func flush() {
        actions.append(.flush)
        let callback = whileFlushing
        whileFlushing = nil
        callback?()
    }
    func setReading(_ isReading: Bool) {
        guard isReading != self.isReading else { return }
        self.isReading = isReading
        actions.append(.reading(isReading))
    }
    func finishWriting() { actions.append(.finishWriting) }
    func close() {
        actions.append(.close)
        tellClosed()
    }
    func reset() {
        actions.append(.reset)
        tellClosed()
    }

    private func tellClosed() {
        let callback = whileClosing
        whileClosing = nil
        callback?()
    }

    /// What was written, as text.
    var written: String {
        actions.map { if case .write(let text) = $0 { text } else { "" } }.joined()
    }

    /// What was done besides writing and flushing.
    var others: [Action] {
        actions.filter {
            switch $0 {
            case .write, .flush: false
            default: true
            }
        }
    }
}

/// A client connection on a fake transport and a loop that runs by hand.
final class ConnectionBench {
    let loop = Loop(turnedByHand: SystemClock())
    let clock = ManualClock()
    let worker: Worker
    let door: Door
    let transport = FakeTransport()
    let connection: ServerConnection
    let peer = Peer(address: "192.0.2.1")

    init(limits: EdgeLimits = EdgeLimits(), _ answer: @escaping ClosureService.Answer) {
        worker = Worker(index: 0, loop: loop, clock: clock, trust: Trust(), counters: DialCounters())
        door = Door(limits: limits)
        _ = door.admit(peer)
        connection = ServerConnection(
            worker: worker,
            door: door,
            peer: peer,
            service: ClosureService(worker, answer)
        )
        transport.whileClosing = { [weak self] in self?.connection.closed(nil) }
        connection.attached(to: transport)
    }

    func receive(_ text: String) {
        connection.received(ByteBuffer(string: text))
        connection.receivedAll()
        loop.run()
    }

    func setWritable(_ isWritable: Bool) {
        transport.isWritable = isWritable
        connection.writabilityChanged()
        loop.run()
    }

    func pass(_ seconds: Double) {
        clock.advance(seconds)
        worker.checkDeadlines()
        loop.run()
    }

    func leave() {
        connection.closed(nil)
        loop.run()
    }

    deinit {
        connection.closed(nil)
        loop.run()
    }
}
