import OstiaryCore

/// Writes a stream of Chat Completions: chunks under one id, the role first, one reason to finish, the usage where it
/// was asked for, `[DONE]` only behind a reason to finish.
struct ChatStreamWriter: EventWriting {
    private struct Call {
        var index: Int
        var hasArguments = false
        var hasBegun = false
        var id: JSONText?
        var waiting: [JSONText] = []
    }

    private let memory: Translation.Memory
    private var identifiers: Identifiers
    /// What all chunks begin with, up to the choices.
    private var head: [UInt8] = []
    private var isOver = false
    private var calls: [Int: Call] = [:]
    private var nextCall = 0
    private var waitingBytes = 0
    private var openCall: Int?
    private var hasText = false
    private var stop: Exchange.Stop?
    private var details = Exchange.StopDetails()
    private var usage: UsageTally
    private var hasRefusal = false

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
        case .text(let text): content("content", text, into: &out)
        case .refusal(let text):
            hasRefusal = true
            content("refusal", text, into: &out)
        case .thinking(let text): content("reasoning_content", text, into: &out)
        case .signature, .sealedThinking: start(nil, nil, into: &out)
        case .call(let key, let id, let name): try call(key, id, name, into: &out)
        case .arguments(let key, let text): try arguments(key, text, into: &out)
        case .partEnd: endCall(into: &out)
        case .usage(let tokens): usage.hear(tokens)
        case .stop(let stop, let details):
            self.stop = stop
            self.details = details
        case .end: try finish(into: &out)
        case .failure(let failure): fail(failure, into: &out)
        case .ping: out.writeStaticString(": ping\n\n")
        }
    }

    // MARK: Chunks

    private mutating func start(_ id: JSONText?, _ created: Int?, into out: inout ByteWriter) {
        guard head.isEmpty else { return }
        var writer = ByteWriter(capacity: 256)
        writer.writeStaticString("data: {")
        writer.name("id")
        writer.json(identifiers.answer(id, .chat))
        writer.writeStaticString(#","object":"chat.completion.chunk""#)
        writer.name("created")
        writer.json(created ?? memory.now)
        writer.name("model")
        writer.json(memory.model)
        head = writer.bytes
        begin(into: &out)
        out.writeStaticString(#""role":"assistant","content":"""#)
        end(into: &out)
    }

    private mutating func begin(into out: inout ByteWriter) {
        start(nil, nil, into: &out)
        out.writeBytes(head)
        out.writeStaticString(#","choices":[{"index":0,"delta":{"#)
    }

    private func end(_ reason: Exchange.Stop? = nil, into out: inout ByteWriter) {
        out.writeStaticString(#"},"logprobs":null,"finish_reason":"#)
        if let reason { out.json(ChatWords.word(reason)) } else { out.null() }
        out.writeStaticString("}]")
        // The usage of all chunks but the last is null, where it was asked for.
        if memory.wantsUsage { out.writeStaticString(#","usage":null"#) }
        out.writeStaticString("}\n\n")
    }

    private mutating func content(_ name: StaticString, _ text: JSONText, into out: inout ByteWriter) {
        guard !text.isEmpty else { return }
        endCall(into: &out)
        usage.count(text)
        begin(into: &out)
        out.name(name)
        out.json(text)
        end(into: &out)
    }

    // MARK: Calls

    private mutating func call(_ key: Int, _ id: JSONText?, _ name: JSONText?, into out: inout ByteWriter)
        throws(GateError)
    {
        guard calls.count < CallQueue.most else { throw .unreadableAnswer("too_many_calls") }
        var call = calls[key] ?? Call(index: 0)
        call.id = call.id ?? id
        if call.hasBegun {
            calls[key] = call
            return
        }
        guard let name else {
            calls[key] = call
            return
        }
        if openCall != key { endCall(into: &out) }
        call.index = nextCall
        nextCall += 1
        call.hasBegun = true
        begin(into: &out)
        out.writeStaticString(#""tool_calls":[{"index":"#)
        out.json(call.index)
        out.name("id")
        out.json(identifiers.call(call.id, .chat))
        out.writeStaticString(#","type":"function","function":{"name":"#)
        out.json(memory.names.incoming(name))
        out.writeStaticString(#","arguments":""}}]"#)
        end(into: &out)
        openCall = key
        let waiting = call.waiting
        call.waiting = []
        calls[key] = call
        for text in waiting { try arguments(key, text, into: &out) }
    }

    private mutating func arguments(_ key: Int, _ text: JSONText, into out: inout ByteWriter) throws(GateError) {
        guard !text.isEmpty, var call = calls[key] else { return }
        guard call.hasBegun else {
            waitingBytes += text.byteCount
            guard waitingBytes <= CallQueue.longest else { throw .unreadableAnswer("too_many_arguments") }
            call.waiting.append(text)
            calls[key] = call
            return
        }
        usage.count(text)
        call.hasArguments = true
        calls[key] = call
        begin(into: &out)
        out.writeStaticString(#""tool_calls":[{"index":"#)
        out.json(call.index)
        out.writeStaticString(#","function":{"arguments":"#)
        out.json(text)
        out.writeStaticString("}}]")
        end(into: &out)
    }

    /// A call without arguments gets an empty object: clients read its arguments as JSON.
    private mutating func endCall(into out: inout ByteWriter) {
        guard let key = openCall else { return }
        openCall = nil
        guard let call = calls[key], !call.hasArguments else { return }
        try? arguments(key, JSONText("{}"), into: &out)
    }

    // MARK: The end

    private mutating func finish(into out: inout ByteWriter) throws(GateError) {
        guard var stop else { throw GateError(.upstreamCut, cause: "stream_without_end") }
        endCall(into: &out)
        for (key, call) in calls.sorted(by: { $0.key < $1.key }) {
            guard call.hasBegun else { throw .unreadableAnswer("call_without_name") }
            if !call.hasArguments { try arguments(key, JSONText("{}"), into: &out) }
        }
        if stop == .refusal, !hasRefusal, let words = details.explanation { content("refusal", words, into: &out) }
        if stop == .end, nextCall > 0 { stop = .toolUse }
        if stop == .toolUse, nextCall == 0 { stop = .end }
        begin(into: &out)
        end(stop, into: &out)
        if memory.wantsUsage {
            out.writeBytes(head)
            out.writeStaticString(#","choices":[]"#)
            out.name("usage")
            ChatWords.write(tokens, to: &out)
            out.writeStaticString("}\n\n")
        }
        out.writeStaticString("data: [DONE]\n\n")
        isOver = true
    }

    private mutating func fail(_ failure: Exchange.Failure, into out: inout ByteWriter) {
        isOver = true
        out.writeStaticString(#"data: {"error":{"message":"#)
        out.json(failure.message)
        out.name("type")
        out.json(ChatFailure.type(failure.status))
        out.name("code")
        if let code = failure.code { out.json(code) } else { out.null() }
        out.writeStaticString(",\"param\":null}}\n\n")
    }
}
