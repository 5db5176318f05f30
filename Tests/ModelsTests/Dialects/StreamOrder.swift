import OstiaryCore

/// The grammars of the three dialects' streams, said once more, to judge what the writers wrote.
enum StreamOrder {
    /// What breaks the grammar, or `nil`. A stream may stop anywhere, but nothing follows its end.
    static func fault(in stream: [UInt8], _ dialect: Exchange.Dialect) -> String? {
        var events: [JSONValue?] = []
        for data in Frames.data(in: stream) {
            if data.elementsEqual("[DONE]".utf8) {
                events.append(nil)
            } else if let event = try? JSONReader.read(data) {
                events.append(event)
            } else {
                return "not JSON"
            }
        }
        switch dialect {
        case .messages: return messages(events.compactMap(\.self))
        case .chat: return chat(events)
        case .responses: return responses(events.compactMap(\.self))
        }
    }

    static func isComplete(_ stream: [UInt8], _ dialect: Exchange.Dialect) -> Bool {
        let text = String(decoding: stream, as: UTF8.self)
        switch dialect {
        case .messages: return text.contains("event: message_stop")
        case .chat: return text.contains("data: [DONE]")
        case .responses:
            return text.contains("event: response.completed") || text.contains("event: response.incomplete")
        }
    }

    private static func messages(_ events: [JSONValue]) -> String? {
        var hasStarted = false
        var open: String?
        var isSigned = false
        var index = 0
        var hasDelta = false
        var isOver = false
        for event in events {
            let type = event["type"]?.string ?? ""
            if isOver { return "\(type) behind the end" }
            if type == "error" {
                isOver = true
                continue
            }
            if type == "message_start" {
                if hasStarted { return "two starts" }
                if (event["message.usage.input_tokens"]?.int ?? 0) < 1 { return "a start without input" }
                hasStarted = true
                continue
            }
            if !hasStarted { return "\(type) before the start" }
            switch type {
            case "ping": continue
            case "content_block_start":
                if open != nil || hasDelta { return "a block inside of something" }
                if event["index"]?.int != index { return "a gap" }
                open = event["content_block.type"]?.string
                isSigned = false
            case "content_block_delta":
                if event["index"]?.int != index { return "a delta elsewhere" }
                if isSigned { return "something behind the signature" }
                switch (event["delta.type"]?.string, open) {
                case ("text_delta", "text"), ("input_json_delta", "tool_use"), ("thinking_delta", "thinking"): continue
                case ("signature_delta", "thinking"): isSigned = true
                default: return "a delta of another kind"
                }
            case "content_block_stop":
                if open == nil { return "an end of nothing" }
                if open == "thinking", !isSigned { return "unsigned thoughts" }
                open = nil
                index += 1
            case "message_delta":
                if open != nil || hasDelta { return "message_delta too early or twice" }
                if event["usage.input_tokens"]?.int == nil || event["usage.output_tokens"]?.int == nil {
                    return "no usage"
                }
                hasDelta = true
            case "message_stop":
                if !hasDelta { return "a stop without a reason" }
                isOver = true
            default: return "unknown \(type)"
            }
        }
        return nil
    }

    private static func chat(_ events: [JSONValue?]) -> String? {
        var id: String?
        var isOver = false
        var hasFinish = false
        var calls = 0
        for event in events {
            if isOver { return "something behind the end" }
            guard let event else {
                if !hasFinish { return "[DONE] without a reason" }
                isOver = true
                continue
            }
            if event["error"] != nil {
                isOver = true
                continue
            }
            if let id, event["id"]?.string != id { return "another id" }
            guard let choice = event["choices"]?.array?.first else {
                if !hasFinish || event["usage"]?.object == nil { return "usage too early" }
                continue
            }
            if id == nil, choice["delta.role"]?.string != "assistant" { return "no role" }
            id = event["id"]?.string
            if hasFinish { return "a chunk behind the reason" }
            for call in choice["delta.tool_calls"]?.array ?? [] {
                let index = call["index"]?.int ?? -1
                if call["id"] != nil {
                    if index != calls { return "a gap between calls" }
                    calls += 1
                } else if index >= calls {
                    return "arguments before their call"
                }
            }
            if choice["finish_reason"]?.string != nil { hasFinish = true }
        }
        return nil
    }

    private static func responses(_ events: [JSONValue]) -> String? {
        var number = 0
        var item: String?
        var index = 0
        var isOver = false
        for event in events {
            let type = event["type"]?.string ?? ""
            if isOver { return "\(type) behind the end" }
            if event["sequence_number"]?.int != number { return "a gap in the numbers" }
            number += 1
            switch type {
            case "response.created":
                if number != 1 { return "created late" }
            case "response.in_progress":
                if number != 2 { return "in progress late" }
            case "response.output_item.added":
                if item != nil || event["output_index"]?.int != index { return "an item inside of another" }
                item = event["item.id"]?.string
            case "response.output_item.done":
                if item == nil || event["item.id"]?.string != item { return "an end of nothing" }
                item = nil
                index += 1
            case "response.completed", "response.incomplete":
                if item != nil { return "an item left open" }
                if event["response.output"]?.array?.count != index { return "items missing at the end" }
                if event["response.usage.input_tokens"]?.int == nil { return "no usage" }
                isOver = true
            case "error", "response.failed": isOver = true
            default:
                if item == nil || event["item_id"]?.string != item { return "\(type) of no item" }
            }
        }
        return nil
    }
}
