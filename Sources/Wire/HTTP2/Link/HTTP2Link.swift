import NIOCore
import OstiaryCore

/// What an HTTP/2 connection is on either side (RFC 9113): frames in and out, field compression, windows, the table of
/// streams, and the bounds on all of them.
///
/// It knows nothing of requests and answers: whoever owns it decides what a stream is for. What is written leaves at the
/// end of the loop's turn, so that the answers of many streams leave in one piece.
final class HTTP2Link: Gathering {
    enum Role {
        case server, client
    }

    /// Bytes that all streams together may send us untaken.
    static let connectionWindow = 1 << 20
    /// The default that is left as it is (RFC 9113 section 6.5.2).
    static let streamWindow = 65_535
    private static let largestWindow = 0x7fff_ffff
    /// Bytes that are handed to the transport at once.
    static let sendBatch = 64 * 1024

    let role: Role
    let worker: Worker
    unowned let owner: any HTTP2LinkOwner
    let limits: FieldBlock.Limits
    var transport: (any Transport)?

    var reader = FrameReader()
    var fieldBlocks = FieldBlockReader()
    /// A field block whose CONTINUATION has not come.
    var unfinished: UnfinishedBlock?
    private var awaitsPreface: Bool
    var awaitsSettings = true
    var guarding = FloodGuard()

    var streams: [Int32: HTTP2Stream] = [:]
    /// The highest stream that the peer opened, and the next that we open.
    var lastPeerStream: Int32 = 0
    var nextStream: Int32 = 1
    /// Streams that we reset lately; what the peer sent before it knew is not held against it.
    var resetLately = RecentStreams()

    var sendWindow = streamWindow
    var receiveWindow = connectionWindow
    var taken = 0
    /// What the peer gives a new stream to begin with.
    var peerStreamWindow = streamWindow
    /// How many streams the peer takes at once.
    var peerStreamLimit = 100
    /// Whether the peer must be told that we use no table (RFC 7541 section 4.2).
    var owesTableUpdate = false

    var out = ByteBuffer()
    // Where field lines are gathered, and where they are encoded.
    var lines = ByteWriter(capacity: 256)
    var block = ByteWriter(capacity: 256)
    var ready = CircularBuffer<HTTP2Stream>()
    private var isFlushDue = false
    private var isProcessing = false
    /// Whether nothing is read or sent any more.
    private(set) var isOver = false

    init(_ role: Role, worker: Worker, owner: any HTTP2LinkOwner, limits: FieldBlock.Limits) {
        self.role = role
        self.worker = worker
        self.owner = owner
        self.limits = limits
        awaitsPreface = role == .server
    }

    var now: MonotonicTime { worker.clock.monotonic }

    /// Sends the preface: our settings, and the window for the whole connection.
    func start(on transport: any Transport, streamLimit: Int) {
        self.transport = transport
        switch role {
        case .server:
            out.writeSettings([
                (.maxConcurrentStreams, UInt32(streamLimit)),
                (.maxHeaderListSize, UInt32(truncatingIfNeeded: limits.bytes)),
            ])
        case .client:
            out.writeStaticString("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            out.writeSettings([(.enablePush, 0), (.maxHeaderListSize, UInt32(truncatingIfNeeded: limits.bytes))])
        }
        out.writeWindowUpdate(0, by: Self.connectionWindow - Self.streamWindow)
        flushSoon()
    }

    // MARK: Reading

    /// Whether the beginning of a frame or of a field block waits for its rest.
    var isInsideHead: Bool { awaitsPreface || awaitsSettings || reader.isInsideFrame || unfinished != nil }

    func received(_ bytes: ByteBuffer) {
        guard !isOver else { return }
        reader.take(bytes)
        guard !isProcessing else { return }
        isProcessing = true
        defer { isProcessing = false }
        do throws(HTTP2Fault) {
            if awaitsPreface {
                guard try reader.readPreface() else { return }
                awaitsPreface = false
            }
            while !isOver, let step = try reader.next() {
                switch step {
                case .frame(let head, let payload): try handle(head, payload)
                case .data(let piece): try handle(piece)
                }
            }
        } catch {
            fail(error)
        }
    }

    /// Ends the connection for a fault of the peer.
    func fail(_ fault: HTTP2Fault) {
        guard !isOver else { return }
        sayGoodbye(fault.code, fault.reason)
        stop()
        owner.failed(fault)
    }

    /// Says which of the peer's streams were taken, and that no more will be.
    func sayGoodbye(_ code: HTTP2Code, _ reason: StaticString = "") {
        out.writeGoAway(last: role == .server ? lastPeerStream : 0, code, reason)
        flushSoon()
    }

    /// Tells the peer that the connection will end, and asks when it knows: what it opened until then is still served.
    func announceLeaving() {
        out.writeGoAway(last: .max, .noError)
        ping()
    }

    /// Asks the peer for a sign of life.
    func ping() {
        out.writePing(0x6f73_7469_6172_7900, isAnswer: false)
        flushSoon()
    }

    /// Nothing more is read; what is queued still leaves.
    func stop() {
        isOver = true
        reader.discard()
        unfinished = nil
    }

    /// The connection is gone: all streams learn it.
    func gone() {
        stop()
        transport = nil
        out = ByteBuffer()
        ready.removeAll()
        let orphans = streams.values
        streams = [:]
        for stream in orphans { close(stream)?.wasReset(nil) }
    }

    // MARK: Streams

    func makeStream(_ id: Int32) -> HTTP2Stream {
        let stream = HTTP2Stream(id: id, sendWindow: peerStreamWindow, receiveWindow: Self.streamWindow)
        streams[id] = stream
        return stream
    }

    /// Opens a stream of ours; its head is the next thing to send.
    func openStream() -> HTTP2Stream {
        let stream = makeStream(nextStream)
        nextStream += 2
        return stream
    }

    /// Whether there is a number for one more stream of ours.
    var hasNumbers: Bool { nextStream < .max - 2 }

    /// Forgets a stream; returns who was on it.
    @discardableResult
    func close(_ stream: HTTP2Stream) -> (any HTTP2StreamOwner)? {
        guard !stream.isClosed else { return nil }
        stream.isClosed = true
        stream.isLocalClosed = true
        stream.isRemoteClosed = true
        stream.pending = ByteBuffer()
        stream.blockedSince = nil
        streams[stream.id] = nil
        let streamOwner = stream.owner
        stream.owner = nil
        owner.closed(stream)
        return streamOwner
    }

    /// Ends a stream at once in both directions, whatever waits on it.
    func reset(_ stream: HTTP2Stream, _ code: HTTP2Code) {
        guard !stream.isClosed else { return }
        out.writeReset(stream.id, code)
        resetLately.insert(stream.id)
        close(stream)
        flushSoon()
    }

    /// Resets a stream whose peer broke a rule of its content.
    func punish(_ stream: HTTP2Stream) {
        reset(stream, .protocolError)
        do throws(HTTP2Fault) { try guarding.spendStream(at: now) } catch { fail(error) }
    }

    // MARK: What the peer may send

    /// Lets the peer send as many bytes more on the connection, and on the stream if it still sends there.
    func credit(_ count: Int, _ stream: HTTP2Stream?) {
        creditConnection(count)
        if let stream { creditStream(count, stream) }
    }

    func creditConnection(_ count: Int) {
        guard count > 0, !isOver else { return }
        taken += count
        guard taken >= Self.connectionWindow / 2 else { return }
        receiveWindow += taken
        out.writeWindowUpdate(0, by: taken)
        taken = 0
        flushSoon()
    }

    func creditStream(_ count: Int, _ stream: HTTP2Stream) {
        guard count > 0, !isOver, !stream.isRemoteClosed else { return }
        stream.taken += count
        guard stream.taken >= Self.streamWindow / 2 else { return }
        stream.receiveWindow += stream.taken
        out.writeWindowUpdate(stream.id, by: stream.taken)
        stream.taken = 0
        flushSoon()
    }

    /// Adds to a window of ours, unless that is more than a window may be (RFC 9113 section 6.9.1).
    static func widen(_ window: inout Int, by count: Int) -> Bool {
        guard window + count <= largestWindow else { return false }
        window += count
        return true
    }

    // MARK: Leaving

    /// Sends what is written, and what may be sent by then, at the end of the loop's turn.
    func flushSoon() {
        guard !isFlushDue else { return }
        isFlushDue = true
        worker.loop.gather(self)
    }

    func finishGathering() {
        isFlushDue = false
        pump()
        flush()
    }

    func flush() {
        guard let transport, out.readableBytes > 0 else { return }
        let bytes = out
        out = ByteBuffer()
        transport.write(bytes)
        transport.flush()
    }
}

/// Who decides what a connection's streams are for.
protocol HTTP2LinkOwner: AnyObject {
    /// The peer opened a stream with this field block.
    func opened(_ stream: HTTP2Stream, _ block: FieldBlock, isEnd: Bool) throws(HTTP2Fault)
    /// A stream is over; its place is free.
    func closed(_ stream: HTTP2Stream)
    /// The peer will answer no stream beyond `last` (RFC 9113 section 6.8).
    func peerLeaves(last: Int32, code: UInt32)
    /// The peer's settings have come for the first time.
    func settled()
    /// Bytes wait on a stream that cannot leave now.
    func blocked(_ stream: HTTP2Stream)
    /// A ping of ours came back.
    func pingAnswered()
    /// The link gave up; what it had to say is written.
    func failed(_ fault: HTTP2Fault)
    /// The most streams that the peer may have at once.
    var streamLimit: Int { get }
}

/// A field block in several frames (RFC 9113 section 6.10).
struct UnfinishedBlock {
    let stream: Int32
    let isEnd: Bool
    var bytes: ByteBuffer
    var frames = 1
}

/// The last streams that were reset, as many as there are places.
struct RecentStreams {
    private var ids: InlineArray<64, Int32> = .init(repeating: 0)
    private var next = 0

    mutating func insert(_ id: Int32) {
        ids[next] = id
        next = (next + 1) & 63
    }

    func contains(_ id: Int32) -> Bool {
        for index in ids.indices where ids[index] == id { return true }
        return false
    }
}
