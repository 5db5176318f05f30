import OstiaryCore

/// Reads a stream of the Responses API.
struct ResponsesStreamReader: EventReading {
    private var hasCalls = false
    private var refusal: [JSONText] = []
    private var hasSummary = false
    /// Calls whose arguments came in pieces, by the index of their item.
    private var inPieces: Set<Int> = []

    mutating func read(_ data: JSONSlice, _ events: inout [Exchange.Event]) throws(GateError) {
        let index = data["output_index"]?.int ?? 0
        switch data["type"]?.string {
        case "response.created":
            let response = data["response"]
            events.append(
                .start(
                    id: response?["id"]?.text,
                    model: response?["model"]?.text,
                    created: response?["created_at"]?.int,
                    nil
                )
            )
        case "response.output_item.added":
            hasSummary = false
            if let item = data["item"], item["type"]?.string == "function_call" {
                hasCalls = true
                events.append(.call(key: index, id: item["call_id"]?.text, name: item["name"]?.text))
            }
        case "response.output_text.delta":
            if let text = data["delta"]?.text { events.append(.text(text)) }
        case "response.refusal.delta":
            if let text = data["delta"]?.text {
                if refusal.count < 1024 { refusal.append(text) }
                events.append(.refusal(text))
            }
        case "response.reasoning_summary_part.added":
            if hasSummary { events.append(.thinking(JSONText("\n\n"))) }
            hasSummary = true
        case "response.reasoning_summary_text.delta", "response.reasoning_text.delta":
            if let text = data["delta"]?.text { events.append(.thinking(text)) }
        case "response.function_call_arguments.delta":
            guard let text = data["delta"]?.text, !text.isEmpty else { return }
            inPieces.insert(index)
            events.append(.arguments(key: index, text))
        case "response.output_item.done":
            if let item = data["item"] { end(item, index, &events) }
        case "response.completed", "response.incomplete":
            if let response = data["response"] { end(response, &events) }
        case "response.failed":
            events.append(.failure(ResponsesWords.failure(data["response"]?["error"]?.present)))
        case "error":
            events.append(.failure(ResponsesWords.failure(data["error"]?.present ?? data)))
        default: return
        }
    }

    private func end(_ item: JSONSlice, _ index: Int, _ events: inout [Exchange.Event]) {
        switch item["type"]?.string {
        case "function_call":
            if !inPieces.contains(index), let text = item["arguments"]?.text, !text.isEmpty {
                events.append(.arguments(key: index, text))
            }
        case "reasoning":
            if item["encrypted_content"]?.present != nil,
                case .thinking(_, let signature?) = ResponsesItems.reasoning(item).kind
            {
                events.append(.signature(signature))
            }
            events.append(.partEnd)
        case "message": events.append(.partEnd)
        default: return
        }
    }

    private func end(_ response: JSONSlice, _ events: inout [Exchange.Event]) {
        if let usage = response["usage"]?.present { events.append(.usage(ResponsesWords.tokens(usage))) }
        let stop = ResponsesWords.stop(response, hasCalls: hasCalls, isRefused: !refusal.isEmpty)
        let words = refusal.isEmpty ? nil : JSONText(joining: refusal)
        events.append(.stop(stop, Exchange.StopDetails(explanation: words)))
        events.append(.end)
    }
}
