import OstiaryCore

/// Writes a stream of the Responses API: numbered events, one item at a time, each begun and ended with all that it
/// holds; and one event at the end with the whole response.
struct ResponsesStreamWriter: EventWriting {
    /// Bytes of output that are kept for the last event.
    static let longest = 32 << 20

    private enum Open {
        case nothing, text, refusal, call(id: JSONText, name: JSONText), reasoning
    }

    private let memory: Translation.Memory
    private var identifiers: Identifiers
    private var id: JSONText?
    private var created = 0
    private var number = 0
    private var isOver = false
    private var open = Open.nothing
    private var item = JSONText("")
    private var index = 0
    /// The open item's text so far.
    private var text: [UInt8] = []
    private var sealed: JSONText?
    /// Items that are complete, divided by commas.
    private var items: [UInt8] = []
    private var calls = CallQueue()
    private var hasCalls = false
    private var hasRefusal = false
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
        case .start(let id, _, let created, let tokens):
            usage.hear(tokens)
            start(id, created, into: &out)
        case .text(let text): try content(.text, text, into: &out)
        case .refusal(let text):
            hasRefusal = true
            try content(.refusal, text, into: &out)
        case .thinking(let text): try content(.reasoning, text, into: &out)
        case .signature(let signature):
            try change(to: .reasoning, into: &out)
            sealed = ResponseItem.seal(signature)
        case .sealedThinking(let data):
            try close(into: &out)
            openItem(.reasoning, into: &out)
            sealed = ThinkingMark.mark(ThinkingMark.sealedByMessages, data)
            try close(into: &out)
        case .call(let key, let id, let name):
            hasCalls = true
            start(nil, nil, into: &out)
            try take(try calls.call(key, id, name), into: &out)
        case .arguments(let key, let text): try take(try calls.arguments(key, text), into: &out)
        case .partEnd: try close(into: &out)
        case .usage(let tokens): usage.hear(tokens)
        case .stop(let stop, let details):
            self.stop = stop
            self.details = details
        case .end: try finish(into: &out)
        case .failure(let failure): fail(failure, into: &out)
        case .ping: out.writeStaticString(": ping\n\n")
        }
    }

    // MARK: Events

    private mutating func begin(_ type: StaticString, into out: inout ByteWriter) {
        out.writeStaticString("event: ")
        out.writeStaticString(type)
        out.writeStaticString("\ndata: {")
        out.name("type")
        out.json(type)
        out.name("sequence_number")
        out.json(number)
        number += 1
    }

    private func end(into out: inout ByteWriter) { out.writeStaticString("}\n\n") }

    /// Writes which item, and which of its parts, an event is about.
    private func place(_ part: StaticString?, into out: inout ByteWriter) {
        out.name("item_id")
        out.json(item)
        out.name("output_index")
        out.json(index)
        if let part {
            out.name(part)
            out.json(0)
        }
    }

    private mutating func start(_ given: JSONText?, _ time: Int?, into out: inout ByteWriter) {
        guard id == nil else { return }
        id = identifiers.answer(given, .responses)
        created = time ?? memory.now
        for type in ["response.created", "response.in_progress"] as [StaticString] {
            begin(type, into: &out)
            out.name("response")
            frame(nil, nil, into: &out)
            end(into: &out)
        }
    }

    private func frame(
        _ stop: Exchange.Stop?,
        _ tokens: Exchange.Tokens?,
        _ failure: Exchange.Failure? = nil,
        into out: inout ByteWriter
    ) {
        memory.frame.write(
            id: id ?? JSONText("resp_0"),
            created: created,
            model: memory.model,
            output: items,
            stop: stop,
            tokens: tokens,
            failure: failure,
            to: &out
        )
    }

    // MARK: Items

    private mutating func content(_ kind: Open, _ text: JSONText, into out: inout ByteWriter) throws(GateError) {
        guard !text.isEmpty else { return }
        try change(to: kind, into: &out)
        try keep(text)
        switch kind {
        case .text:
            begin("response.output_text.delta", into: &out)
            place("content_index", into: &out)
        case .refusal:
            begin("response.refusal.delta", into: &out)
            place("content_index", into: &out)
        default:
            begin("response.reasoning_summary_text.delta", into: &out)
            place("summary_index", into: &out)
        }
        out.name("delta")
        out.json(text)
        if case .text = kind { out.writeStaticString(#","logprobs":[]"#) }
        end(into: &out)
    }

    private mutating func keep(_ more: JSONText) throws(GateError) {
        usage.count(more)
        guard items.count + text.count + more.byteCount <= Self.longest else {
            throw .unreadableAnswer("answer_too_long")
        }
        text += more.bytes
    }

    private func isOpen(_ kind: Open) -> Bool {
        switch (open, kind) {
        case (.text, .text), (.refusal, .refusal), (.reasoning, .reasoning): true
        default: false
        }
    }

    /// Goes on with what is open, or ends it and begins another item.
    private mutating func change(to kind: Open, into out: inout ByteWriter) throws(GateError) {
        if isOpen(kind) { return }
        try close(into: &out)
        openItem(kind, into: &out)
    }

    private mutating func openItem(_ kind: Open, into out: inout ByteWriter) {
        start(nil, nil, into: &out)
        open = kind
        text = []
        sealed = nil
        begin("response.output_item.added", into: &out)
        out.name("output_index")
        out.json(index)
        out.name("item")
        switch kind {
        case .call(let call, let name):
            item = identifiers.make("fc_", 24)
            ResponseItem.writeCall(item, call: call, name: name, arguments: JSONText(""), isDone: false, to: &out)
            end(into: &out)
        case .reasoning:
            item = identifiers.make("rs_", 24)
            ResponseItem.writeReasoning(item, JSONText(""), sealed: nil, to: &out)
            end(into: &out)
            begin("response.reasoning_summary_part.added", into: &out)
            place("summary_index", into: &out)
            out.writeStaticString(#","part":{"type":"summary_text","text":""}"#)
            end(into: &out)
        default:
            item = identifiers.make("msg_", 24)
            out.writeStaticString(#"{"id":"#)
            out.json(item)
            out.writeStaticString(#","type":"message","role":"assistant","status":"in_progress","content":[]}"#)
            end(into: &out)
            begin("response.content_part.added", into: &out)
            place("content_index", into: &out)
            out.name("part")
            part(JSONText(""), into: &out)
            end(into: &out)
        }
    }

    private func part(_ text: JSONText, into out: inout ByteWriter) {
        if case .refusal = open {
            ResponseItem.writePart(refusal: text, to: &out)
        } else {
            ResponseItem.writePart(text: text, to: &out)
        }
    }

    private mutating func take(_ steps: [CallQueue.Step], into out: inout ByteWriter) throws(GateError) {
        for step in steps {
            switch step {
            case .begin(let id, let name):
                closeItem(into: &out)
                let call = identifiers.call(id, .responses)
                openItem(.call(id: call, name: memory.names.incoming(name)), into: &out)
            case .arguments(let text):
                guard !text.isEmpty else { continue }
                try keep(text)
                begin("response.function_call_arguments.delta", into: &out)
                place(nil, into: &out)
                out.name("delta")
                out.json(text)
                end(into: &out)
            case .end: closeItem(into: &out)
            }
        }
    }

    /// Ends what is open, calls that waited among it.
    private mutating func close(into out: inout ByteWriter) throws(GateError) {
        if !calls.isIdle { try take(try calls.flush(isOver: false), into: &out) }
        closeItem(into: &out)
    }

    private mutating func closeItem(into out: inout ByteWriter) {
        var whole = JSONText(String(decoding: text, as: UTF8.self))
        var done = ByteWriter(capacity: text.count + 256)
        switch open {
        case .nothing: return
        case .text, .refusal:
            let isText = isOpen(.text)
            if isText {
                begin("response.output_text.done", into: &out)
            } else {
                begin("response.refusal.done", into: &out)
            }
            place("content_index", into: &out)
            if isText { out.name("text") } else { out.name("refusal") }
            out.json(whole)
            if isText { out.writeStaticString(#","logprobs":[]"#) }
            end(into: &out)
            begin("response.content_part.done", into: &out)
            place("content_index", into: &out)
            out.name("part")
            part(whole, into: &out)
            end(into: &out)
            if isText {
                ResponseItem.writeMessage(item, text: whole, to: &done)
            } else {
                ResponseItem.writeRefusal(item, whole, to: &done)
            }
        case .reasoning:
            begin("response.reasoning_summary_text.done", into: &out)
            place("summary_index", into: &out)
            out.name("text")
            out.json(whole)
            end(into: &out)
            begin("response.reasoning_summary_part.done", into: &out)
            place("summary_index", into: &out)
            out.writeStaticString(#","part":{"type":"summary_text","text":"#)
            out.json(whole)
            out.writeStaticString("}")
            end(into: &out)
            ResponseItem.writeReasoning(item, whole, sealed: sealed, to: &done)
        case .call(let call, let name):
            if whole.isBlank { whole = JSONText("{}") }
            begin("response.function_call_arguments.done", into: &out)
            place(nil, into: &out)
            out.name("name")
            out.json(name)
            out.name("arguments")
            out.json(whole)
            end(into: &out)
            ResponseItem.writeCall(item, call: call, name: name, arguments: whole, to: &done)
        }
        begin("response.output_item.done", into: &out)
        out.name("output_index")
        out.json(index)
        out.name("item")
        let bytes = done.bytes
        out.writeBytes(bytes)
        end(into: &out)
        if !items.isEmpty { items.append(UInt8(ascii: ",")) }
        items += bytes
        index += 1
        open = .nothing
        text = []
    }

    // MARK: The end

    private mutating func finish(into out: inout ByteWriter) throws(GateError) {
        guard let stop else { throw GateError(.upstreamCut, cause: "stream_without_end") }
        start(nil, nil, into: &out)
        try take(try calls.flush(isOver: true), into: &out)
        try close(into: &out)
        if stop == .refusal, !hasRefusal, let words = details.explanation {
            try content(.refusal, words, into: &out)
            try close(into: &out)
        }
        if ResponsesWords.status(stop).reason == nil {
            begin("response.completed", into: &out)
        } else {
            begin("response.incomplete", into: &out)
        }
        out.name("response")
        frame(stop, tokens, into: &out)
        end(into: &out)
        isOver = true
    }

    private mutating func fail(_ failure: Exchange.Failure, into out: inout ByteWriter) {
        isOver = true
        begin("error", into: &out)
        // Documented with the members at the top; the official clients raise for the member `error`.
        out.name("code")
        out.json(failure.code ?? JSONText("server_error"))
        out.name("message")
        out.json(failure.message)
        out.writeStaticString(#","param":null,"error":{"message":"#)
        out.json(failure.message)
        out.name("type")
        out.json(ChatFailure.type(failure.status))
        out.name("code")
        out.json(failure.code ?? JSONText("server_error"))
        out.writeStaticString(#","param":null}"#)
        end(into: &out)
    }
}
