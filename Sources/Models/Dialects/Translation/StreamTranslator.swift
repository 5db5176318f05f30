public import OstiaryCore

/// Translates a stream of server-sent events, however the network cut it.
///
/// What it writes is always whole events of the client's dialect in an order that the dialect allows, whatever comes
/// in. It ends in one of two ways: completely, or with the dialect's error event (`failure` is set then, and the
/// connection has to end without the end of its body, so that nobody takes what came for the whole). Behind the end
/// nothing more is written.
///
/// Bounds: those of `EventScanner` for what comes in, and `CallQueue.longest` for calls of tools that have to wait for
/// others.
public struct StreamTranslator: Sendable {
    private var reader: any EventReading
    private var writer: any EventWriting
    private var events: [Exchange.Event] = []
    private var scanner = EventScanner()
    /// The beginning of what is not complete yet.
    private var held: [UInt8] = []
    private var isAtStart = true
    private var hasEnded = false
    /// Why the stream was ended early, once it was.
    public private(set) var failure: GateError?
    /// Why the answer ended, once the provider has said so.
    public private(set) var stop: Exchange.Stop?
    /// Bytes of the answer's text so far.
    public private(set) var textBytes = 0

    init(
        from provider: Exchange.Dialect,
        to client: Exchange.Dialect,
        _ memory: Translation.Memory,
        _ identifiers: Identifiers
    ) {
        reader = provider.makeEventReader()
        writer = client.makeEventWriter(memory, identifiers)
    }

    /// What the exchange used so far, as the provider told; estimated where it did not.
    public var tokens: Exchange.Tokens { writer.tokens }

    /// Whether the provider said that the answer is complete, or nothing more will be written for another reason.
    public var isOver: Bool { hasEnded }

    /// Takes the next bytes from the provider and writes what the client gets for them.
    public mutating func feed(_ piece: Span<UInt8>, into out: inout ByteWriter) {
        guard !hasEnded else { return }
        piece.withUnsafeBufferPointer { held.append(contentsOf: $0) }
        var start = 0
        if isAtStart {
            let mark: [UInt8] = [0xef, 0xbb, 0xbf]
            if held.count < 3, mark.starts(with: held) { return }
            if held.starts(with: mark) { start = 3 }
            isAtStart = false
        }
        var bytes: [UInt8] = []
        swap(&bytes, &held)
        scan: while !hasEnded {
            switch scanner.next(in: bytes.span, from: start) {
            case .event(let end, _, let hasFields):
                if hasFields { take(bytes, start..<end, into: &out) }
                start = end
            case .more: break scan
            case .tooLong(let cause): fail(GateError(.upstreamProtocolError, cause: cause), into: &out)
            }
        }
        if !hasEnded, start < bytes.count {
            if start == 0 {
                swap(&bytes, &held)
            } else {
                held.append(contentsOf: bytes[start...])
            }
        }
    }

    /// Says that the provider's body has come to its ordinary end.
    public mutating func finish(into out: inout ByteWriter) {
        guard !hasEnded else { return }
        // The last event may lack its empty line, which by the standard makes it none.
        do {
            try writer.write(.end, into: &out)
            hasEnded = true
        } catch {
            fail(error, into: &out)
        }
    }

    /// Ends the stream with an error, unless it has ended.
    public mutating func fail(_ error: GateError, into out: inout ByteWriter) {
        guard !hasEnded else { return }
        hasEnded = true
        failure = error
        held = []
        try? writer.write(.failure(Exchange.Failure(error)), into: &out)
    }

    /// Writes something that keeps the connection alive and means nothing.
    public mutating func ping(into out: inout ByteWriter) {
        guard !hasEnded else { return }
        try? writer.write(.ping, into: &out)
    }

    private mutating func take(_ bytes: [UInt8], _ event: Range<Int>, into out: inout ByteWriter) {
        let data = EventData.join(bytes, event)
        guard !data.isEmpty else { return }
        do {
            try read(data)
            for event in events {
                try writer.write(event, into: &out)
                switch event {
                case .failure:
                    failure = GateError(.upstreamCut, cause: "provider_said_error")
                    hasEnded = true
                    return
                case .end:
                    hasEnded = true
                    return
                case .stop(let stop, _): self.stop = stop
                case .text(let text), .refusal(let text), .thinking(let text), .arguments(_, let text):
                    textBytes &+= text.byteCount
                default: continue
                }
            }
        } catch {
            fail(error, into: &out)
        }
    }

    private mutating func read(_ data: [UInt8]) throws(GateError) {
        events.removeAll(keepingCapacity: true)
        if data.elementsEqual("[DONE]".utf8) {
            events.append(.end)
            return
        }
        guard let document = try? JSONDocument(data), document.root.kind == .object else {
            throw .unreadableAnswer("event_not_json")
        }
        try reader.read(document.root, &events)
    }
}

extension Exchange.Failure {
    init(_ error: GateError) {
        self.init(
            status: error.status,
            message: JSONText(error.message),
            code: JSONText(error.code.rawValue)
        )
    }
}
