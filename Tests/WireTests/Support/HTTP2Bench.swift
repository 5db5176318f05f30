import NIOCore
import NIOHPACK
import OstiaryCore
import OstiaryTesting

@testable import OstiaryWire

/// An HTTP/2 connection on a fake transport and a loop that runs by hand, and its client, frame by frame.
final class HTTP2Bench {
    let loop = Loop(turnedByHand: SystemClock())
    let clock = ManualClock()
    let worker: Worker
    let door: Door
    let transport = FakeTransport()
    let connection: HTTP2Connection
    private var all: [SeenFrame] = []
    private var parsed = 0
    private var seen = 0
    private var decoder = HPACKDecoder(allocator: ByteBufferAllocator())

    /// - Parameter settings: what the client's preface holds; `nil` sends none.
    init(
        limits: EdgeLimits = EdgeLimits(),
        settings: [(name: HTTP2Setting, value: UInt32)]? = [],
        _ answer: @escaping ClosureService.Answer
    ) {
        worker = Worker(index: 0, loop: loop, clock: clock, trust: Trust(), counters: DialCounters())
        door = Door(limits: limits)
        let peer = Peer(address: "192.0.2.1")
        _ = door.admit(peer)
        connection = HTTP2Connection(
            worker: worker,
            door: door,
            peer: peer,
            certificate: nil,
            service: ClosureService(worker, answer)
        )
        transport.whileClosing = { [weak self] in self?.connection.closed(nil) }
        connection.attached(to: transport)
        guard let settings else { return }
        send(Frames.preface, Frames.settings(settings))
        _ = frames()
    }

    /// Sends frames as one read batch.
    func send(_ frames: ByteBuffer...) {
        var bytes = ByteBuffer()
        for frame in frames { bytes.writeImmutableBuffer(frame) }
        connection.received(bytes)
        connection.receivedAll()
        loop.run()
    }

    func send(_ stream: Int32, _ fields: [(String, String)], isEnd: Bool = true) {
        send(Frames.headers(stream, fields, isEnd: isEnd))
    }

    /// The frames that were sent since this was asked last, but for acknowledged settings.
    func frames() -> [SeenFrame] {
        parse()
        defer { seen = all.count }
        return Array(all.dropFirst(seen))
    }

    private func parse() {
        loop.run()
        var rest = transport.sent
        rest.moveReaderIndex(forwardBy: parsed)
        parsed = transport.sent.readableBytes
        all += SeenFrame.all(in: rest).filter { $0.kind != FrameHead.Kind.settings || $0.flags == 0 }
    }

    func fields(_ frame: SeenFrame) throws -> HPACKHeaders {
        var block = frame.payload
        return try decoder.decodeHeaders(from: &block)
    }

    /// The status of the answer that begins with this frame.
    func status(_ frame: SeenFrame?) throws -> String? {
        guard let frame, frame.kind == FrameHead.Kind.headers else { return nil }
        return try fields(frame)[":status"].first
    }

    /// The code of the frame that ended the connection, if one did.
    var goodbye: HTTP2Code? {
        parse()
        return all.last { $0.kind == FrameHead.Kind.goAway }?.code
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

    deinit {
        connection.closed(nil)
        loop.run()
    }
}
