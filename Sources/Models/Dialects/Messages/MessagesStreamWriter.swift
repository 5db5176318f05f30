import OstiaryCore

/// Writes a stream of the Messages API: one block at a time, numbered without gaps, each begun and ended; one
/// `message_delta` with all of the usage; `message_stop` only behind a reason to stop.
struct MessagesStreamWriter: EventWriting {
    private enum Open {
        case nothing, text, call
        case thinking(isSigned: Bool)
    }

    private let memory: Translation.Memory
    private var identifiers: Identifiers
    private var hasStarted = false
    private var isOver = false
    private var open = Open.nothing
    private var index = 0
    private var calls = CallQueue()
    private var hasCalls = false
    private var stop: Exchange.Stop?
    private var details = Exchange.StopDetails()
    private var usage: UsageTally

    init(_ memory: Translation.Memory, _ identifiers: Identifiers) {
        self.memory = memory
        usage = UsageTally(memory)
        self.identifiers = identifiers
    }

    var tokens: Exchange.Tokens { usage.tokens }

    mutating func write(_ event: Exchange.Event, into out: inout ByteWriter) throws(GateError) {
        guard !isOver else { return }
        switch event {
        case .start(let id, _, _, let tokens):
            usage.hear(tokens)
            start(id, into: &out)
        case .text(let text):
            guard !text.isEmpty else { return }
            try openText(into: &out)
            usage.count(text)
            delta("text_delta", "text", text, into: &out)
        // Told as the explanation of the stop.
        case .refusal(let text):
            start(nil, into: &out)
            usage.count(text)
        case .thinking(let text):
            guard !text.isEmpty else { return }
            try openThinking(into: &out)
            usage.count(text)
            delta("thinking_delta", "thinking", text, into: &out)
        case .signature(let text):
            try openThinking(into: &out)
            delta("signature_delta", "signature", text, into: &out)
            open = .thinking(isSigned: true)
        case .sealedThinking(let data):
            try close(into: &out)
            begin(into: &out)
            out.writeStaticString(#"{"type":"redacted_thinking","data":"#)
            out.json(data)
            out.writeStaticString("}}\n\n")
            open = .text
            try close(into: &out)
        case .call(let key, let id, let name):
            hasCalls = true
            start(nil, into: &out)
            try take(try calls.call(key, id, name), into: &out)
        case .arguments(let key, let text):
            usage.count(text)
            try take(try calls.arguments(key, text), into: &out)
        case .partEnd: try close(into: &out)
        case .usage(let tokens): usage.hear(tokens)
        case .stop(let stop, let details):
            self.stop = stop
            self.details = details
        case .end: try finish(into: &out)
        case .failure(let failure): fail(failure, into: &out)
        case .ping:
            start(nil, into: &out)
            out.writeStaticString("event: ping\ndata: {\"type\":\"ping\"}\n\n")
        }
    }

    // MARK: The beginning and the end

    private mutating func start(_ id: JSONText?, into out: inout ByteWriter) {
        guard !hasStarted else { return }
        hasStarted = true
        out.writeStaticString("event: message_start\ndata: {\"type\":\"message_start\",\"message\":{")
        out.name("id")
        out.json(identifiers.answer(id, .messages))
        out.writeStaticString(#","type":"message","role":"assistant""#)
        out.name("model")
        out.json(memory.model)
        out.writeStaticString(#","content":[],"stop_reason":null,"stop_sequence":null,"stop_details":null"#)
        out.name("usage")
        var tokens = tokens
        // Nothing is written yet; the vendor says 1 here too.
        tokens.output = usage.told.output ?? 1
        tokens.isEstimated = false
        MessagesWords.write(tokens, to: &out)
        out.writeStaticString("}}\n\n")
    }

    private mutating func finish(into out: inout ByteWriter) throws(GateError) {
        guard var stop else { throw GateError(.upstreamCut, cause: "stream_without_end") }
        start(nil, into: &out)
        try take(try calls.flush(isOver: true), into: &out)
        try close(into: &out)
        if stop == .end, hasCalls { stop = .toolUse }
        if stop == .toolUse, !hasCalls { stop = .end }
        out.writeStaticString("event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{")
        MessagesWords.write(stop, details, to: &out)
        out.writeStaticString("}")
        out.name("usage")
        MessagesWords.write(tokens, to: &out)
        out.writeStaticString("}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n")
        isOver = true
    }

    private mutating func fail(_ failure: Exchange.Failure, into out: inout ByteWriter) {
        isOver = true
        out.writeStaticString("event: error\ndata: {\"type\":\"error\",\"error\":{")
        out.name("type")
        out.json(MessagesFailure.type(failure.status))
        out.name("message")
        out.json(failure.message)
        if let code = failure.code {
            out.name("details")
            out.writeStaticString(#"{"error_code":"#)
            out.json(code)
            out.writeStaticString("}")
        }
        out.writeStaticString("}}\n\n")
    }

    // MARK: Blocks

    private mutating func begin(into out: inout ByteWriter) {
        start(nil, into: &out)
        out.writeStaticString("event: content_block_start\ndata: {\"type\":\"content_block_start\"")
        out.name("index")
        out.json(index)
        out.name("content_block")
    }

    private mutating func openText(into out: inout ByteWriter) throws(GateError) {
        if case .text = open { return }
        try close(into: &out)
        begin(into: &out)
        out.writeStaticString("{\"type\":\"text\",\"text\":\"\"}}\n\n")
        open = .text
    }

    private mutating func openThinking(into out: inout ByteWriter) throws(GateError) {
        if case .thinking(isSigned: false) = open { return }
        try close(into: &out)
        begin(into: &out)
        out.writeStaticString("{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}}\n\n")
        open = .thinking(isSigned: false)
    }

    private mutating func take(_ steps: [CallQueue.Step], into out: inout ByteWriter) throws(GateError) {
        for step in steps {
            switch step {
            case .begin(let id, let name):
                closeBlock(into: &out)
                begin(into: &out)
                out.writeStaticString(#"{"type":"tool_use","id":"#)
                out.json(identifiers.call(id, .messages))
                out.name("name")
                out.json(memory.names.incoming(name))
                out.writeStaticString(",\"input\":{}}}\n\n")
                open = .call
            case .arguments(let text):
                guard !text.isEmpty else { continue }
                delta("input_json_delta", "partial_json", text, into: &out)
            case .end: closeBlock(into: &out)
            }
        }
    }

    private func delta(_ type: StaticString, _ name: StaticString, _ text: JSONText, into out: inout ByteWriter) {
        out.writeStaticString("event: content_block_delta\ndata: {\"type\":\"content_block_delta\"")
        out.name("index")
        out.json(index)
        out.writeStaticString(#","delta":{"type":"#)
        out.json(type)
        out.name(name)
        out.json(text)
        out.writeStaticString("}}\n\n")
    }

    /// Ends what is open, calls that waited among it.
    private mutating func close(into out: inout ByteWriter) throws(GateError) {
        if !calls.isIdle { try take(try calls.flush(isOver: false), into: &out) }
        closeBlock(into: &out)
    }

    private mutating func closeBlock(into out: inout ByteWriter) {
        if case .nothing = open { return }
        if case .thinking(isSigned: false) = open {
            delta("signature_delta", "signature", JSONText("\(ThinkingMark.prefix)"), into: &out)
        }
        out.writeStaticString("event: content_block_stop\ndata: {\"type\":\"content_block_stop\"")
        out.name("index")
        out.json(index)
        out.writeStaticString("}\n\n")
        index += 1
        open = .nothing
    }
}
