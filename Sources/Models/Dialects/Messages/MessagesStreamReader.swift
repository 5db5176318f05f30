import OstiaryCore

/// Reads a stream of the Messages API.
struct MessagesStreamReader: EventReading {
    private enum Block {
        case plain
        case call(key: Int)
    }

    private var blocks: [Int: Block] = [:]
    private var nextKey = 0

    mutating func read(_ data: JSONSlice, _ events: inout [Exchange.Event]) throws(GateError) {
        switch data["type"]?.string {
        case "message_start":
            let message = data["message"]
            let tokens = message?["usage"]?.present.map(MessagesWords.tokens)
            events.append(.start(id: message?["id"]?.text, model: message?["model"]?.text, created: nil, tokens))
        case "content_block_start":
            if let block = data["content_block"] { begin(block, data["index"]?.int ?? 0, &events) }
        case "content_block_delta":
            if let delta = data["delta"] { read(delta, data["index"]?.int ?? 0, &events) }
        case "content_block_stop":
            blocks[data["index"]?.int ?? 0] = nil
            events.append(.partEnd)
        case "message_delta":
            if let usage = data["usage"]?.present { events.append(.usage(MessagesWords.tokens(usage))) }
            if let delta = data["delta"], let stop = MessagesWords.stop(delta["stop_reason"]?.text) {
                events.append(.stop(stop, MessagesWords.details(delta)))
            }
        case "message_stop": events.append(.end)
        case "error": events.append(.failure(MessagesFailure.read(data["error"])))
        case "ping": events.append(.ping)
        // Kinds of events that will be invented; the vendor asks to pass over them.
        default: return
        }
    }

    private mutating func begin(_ block: JSONSlice, _ index: Int, _ events: inout [Exchange.Event]) {
        blocks[index] = .plain
        switch block["type"]?.string {
        case "text":
            if let text = block["text"]?.text, !text.isEmpty { events.append(.text(text)) }
        case "thinking":
            if let text = block["thinking"]?.text, !text.isEmpty { events.append(.thinking(text)) }
        case "redacted_thinking":
            if let data = block["data"]?.text { events.append(.sealedThinking(data)) }
        case "tool_use":
            blocks[index] = .call(key: nextKey)
            events.append(.call(key: nextKey, id: block["id"]?.text, name: block["name"]?.text))
            if let input = block["input"], input.kind == .object, !input.isEmpty {
                var out = ByteWriter(capacity: input.byteCount)
                out.json(input)
                events.append(.arguments(key: nextKey, JSONText(String(decoding: out.bytes, as: UTF8.self))))
            }
            nextKey += 1
        default: return
        }
    }

    private func read(_ delta: JSONSlice, _ index: Int, _ events: inout [Exchange.Event]) {
        switch delta["type"]?.string {
        case "text_delta":
            if let text = delta["text"]?.text { events.append(.text(text)) }
        case "thinking_delta":
            if let text = delta["thinking"]?.text { events.append(.thinking(text)) }
        case "signature_delta":
            if let text = delta["signature"]?.text { events.append(.signature(text)) }
        case "input_json_delta":
            // Of the provider's own tools nobody else is told.
            guard case .call(let key) = blocks[index], let text = delta["partial_json"]?.text, !text.isEmpty else {
                return
            }
            events.append(.arguments(key: key, text))
        default: return
        }
    }
}
