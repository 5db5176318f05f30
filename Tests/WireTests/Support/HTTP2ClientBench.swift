import NIOCore
import NIOHPACK
import OstiaryCore
import OstiaryTesting

@testable import OstiaryWire

/// The gate's connection to an HTTP/2 provider on a fake transport and a loop that runs by hand, and the provider,
/// frame by frame.
final class HTTP2ClientBench {
    let loop = Loop(turnedByHand: SystemClock())
    let clock = ManualClock()
    let worker: Worker
    let target: UpstreamTarget
    let pool: Dialler.Pool
    let transport = FakeTransport()
    let connection: HTTP2ClientConnection
    private var parsed = 0
    private var decoder = HPACKDecoder(allocator: ByteBufferAllocator())

    /// - Parameter settings: what the provider's preface holds; `nil` sends none.
    init(
        settings: [(name: HTTP2Setting, value: UInt32)]? = [],
        dial: (inout DialSettings) -> Void = { _ in },
        breaker: Breaker? = nil
    ) {
        worker = Worker(index: 0, loop: loop, clock: clock, trust: Trust(), counters: DialCounters())
        var dialSettings = DialSettings()
        dialSettings.offersHTTP2 = true
        dial(&dialSettings)
        let origin = Origin("https://models.example/v1") ?? Origin(socketPath: "")
        target = UpstreamTarget(origin, settings: dialSettings, breaker: breaker)
        pool = Dialler.Pool(target)
        connection = HTTP2ClientConnection(worker: worker, pool: pool)
        transport.whileClosing = { [weak self] in self?.connection.closed(nil) }
        connection.attached(to: transport)
        guard let settings else { return }
        send(Frames.settings(settings))
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

    /// The frames that the gate sent since this was asked last, without its preface and acknowledged settings.
    func frames() -> [SeenFrame] {
        loop.run()
        if parsed == 0 { parsed = Frames.preface.readableBytes }
        var rest = transport.sent
        rest.moveReaderIndex(forwardBy: min(parsed, rest.readableBytes))
        parsed = transport.sent.readableBytes
        return SeenFrame.all(in: rest).filter { $0.kind != FrameHead.Kind.settings || $0.flags == 0 }
    }

    func fields(_ frame: SeenFrame) throws -> HPACKHeaders {
        var block = frame.payload
        return try decoder.decodeHeaders(from: &block)
    }

    /// Asks for an answer, whose fate is kept.
    func ask(
        _ method: String = "POST",
        _ path: String = "/v1/x",
        body: String = "{}",
        isWhole: Bool = true,
        fields: String = "",
        rest: (any BodySource)? = nil
    ) -> Asked? {
        guard let exchange = connection.openStream() else { return nil }
        let request = UpstreamRequest(
            to: target,
            head: ByteBuffer(
                string: "\(method) \(path) HTTP/1.1\r\nHost: models.example\r\nauthorization: Bearer k\r\n\(fields)"
            ),
            isHEAD: method == "HEAD",
            hasBody: method == "POST",
            body: ByteBuffer(string: body),
            length: isWhole ? body.utf8.count : nil,
            isWhole: isWhole
        )
        let asked = Asked(exchange)
        exchange.ask(request, rest: rest, end: .never)
        worker.run { await asked.run() }
        loop.run()
        return asked
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

    /// A request and what has come of it.
    final class Asked: BodySink {
        let exchange: HTTP2ClientExchange
        private(set) var head: AnswerHead?
        private(set) var failure: UpstreamExchange.Failure?
        private(set) var body = ""
        private(set) var flushes = 0
        private(set) var isEnded = false
        private(set) var reason: GateError?
        /// Whether the body is taken as soon as the head is there.
        var takesBody = true

        init(_ exchange: HTTP2ClientExchange) {
            self.exchange = exchange
        }

        func run() async {
            do throws(UpstreamExchange.Failure) {
                head = try await exchange.answerHead()
            } catch {
                return failure = error
            }
            if takesBody { take() }
        }

        func take() {
            let earlier = exchange.attach(self)
            if let held = earlier.held { piece(held) }
            if let reason = earlier.failure { failed(reason) }
            if earlier.isEnded { ended() }
        }

        func piece(_ bytes: ByteBuffer) { body += String(buffer: bytes) }
        func flush() { flushes += 1 }
        func ended() { isEnded = true }
        func failed(_ reason: GateError) { self.reason = reason }

        /// The failure in words: `stale`, or the error's code and cause.
        var said: String {
            switch failure {
            case nil: reason.map { "\($0.code) \($0.cause)" } ?? ""
            case .stale?: "stale"
            case .gone(let error)?: "\(error.code) \(error.cause)"
            }
        }
    }
}
