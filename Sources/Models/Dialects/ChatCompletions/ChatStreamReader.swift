import OstiaryCore

/// Reads the chunks of a stream of Chat Completions, and what vendors make of them.
struct ChatStreamReader: EventReading {
    private struct Call {
        var key: Int
        var id: String?
        var hasName: Bool
    }

    private var hasStarted = false
    private var calls: [Int: Call] = [:]
    private var latest: Int?
    private var nextKey = 0
    private var hasCalls = false
    private var refusal: [JSONText] = []

    mutating func read(_ chunk: JSONSlice, _ events: inout [Exchange.Event]) {
        if let error = chunk["error"]?.present {
            events.append(.failure(ChatFailure.read(error)))
            return
        }
        if !hasStarted {
            hasStarted = true
            events.append(
                .start(id: chunk["id"]?.text, model: chunk["model"]?.text, created: chunk["created"]?.int, nil)
            )
        }
        // One choice was asked for; others would be somebody else's words in between.
        let choice = chunk["choices"]?.elements.first { ($0["index"]?.int ?? 0) == 0 }
        if let choice {
            if let delta = choice["delta"] ?? choice["message"] { read(delta: delta, &events) }
            if let reason = choice["finish_reason"]?.text {
                let stop = ChatWords.stop(reason, hasCalls: hasCalls, isRefused: !refusal.isEmpty)
                let words = refusal.isEmpty ? nil : JSONText(joining: refusal)
                events.append(.stop(stop, Exchange.StopDetails(explanation: words)))
            }
        }
        if let usage = chunk["usage"]?.present ?? chunk["x_groq"]?["usage"]?.present {
            events.append(.usage(ChatWords.tokens(usage)))
        }
    }

    private mutating func read(delta: JSONSlice, _ events: inout [Exchange.Event]) {
        if let thoughts = ChatWords.reasoning(delta) { events.append(.thinking(thoughts)) }
        if let text = delta["content"]?.text {
            if !text.isEmpty { events.append(.text(text)) }
        } else {
            delta["content"]?.forEachElement { part in
                if let text = part["text"]?.text, !text.isEmpty { events.append(.text(text)) }
            }
        }
        if let words = delta["refusal"]?.text, !words.isEmpty {
            if refusal.count < 1024 { refusal.append(words) }
            events.append(.refusal(words))
        }
        delta["tool_calls"]?.forEachElement { read(call: $0, &events) }
        if let call = delta["function_call"]?.present {
            read(index: 0, nil, call["name"]?.text, call["arguments"], &events)
        }
    }

    private mutating func read(call: JSONSlice, _ events: inout [Exchange.Event]) {
        let function = call["function"] ?? call["custom"]
        let id = call["id"]?.text
        read(
            index: call["index"]?.int,
            (id?.isEmpty ?? true) ? nil : id,
            function?["name"]?.text,
            function?["arguments"] ?? function?["input"],
            &events
        )
    }

    private mutating func read(
        index: Int?,
        _ id: JSONText?,
        _ name: JSONText?,
        _ arguments: JSONSlice?,
        _ events: inout [Exchange.Event]
    ) {
        hasCalls = true
        let given = id?.string
        let name = (name?.isEmpty ?? true) ? nil : name
        // Without an index a new id begins a new call, and anything else belongs to the latest.
        var place = index ?? latest ?? 0
        if index == nil, let latest, let given, let known = calls[latest], known.id != given {
            place = nextKey + 1_000_000
        }
        if let known = calls[place], let given, let before = known.id, before != given, name != nil, known.hasName {
            // Some vendors give every call the same index.
            calls[place] = nil
        }
        latest = place
        if var known = calls[place] {
            let isNews = (given != nil && known.id == nil) || (name != nil && !known.hasName)
            if isNews {
                events.append(.call(key: known.key, id: known.id == nil ? id : nil, name: known.hasName ? nil : name))
                known.id = known.id ?? given
                known.hasName = known.hasName || name != nil
                calls[place] = known
            }
            append(known.key, arguments, &events)
            return
        }
        let call = Call(key: nextKey, id: given, hasName: name != nil)
        nextKey += 1
        calls[place] = call
        events.append(.call(key: call.key, id: id, name: name))
        append(call.key, arguments, &events)
    }

    private func append(_ key: Int, _ arguments: JSONSlice?, _ events: inout [Exchange.Event]) {
        guard let arguments else { return }
        if let text = arguments.text {
            if !text.isEmpty { events.append(.arguments(key: key, text)) }
        } else if arguments.kind == .object {
            var out = ByteWriter(capacity: arguments.byteCount)
            out.json(arguments)
            events.append(.arguments(key: key, JSONText(String(decoding: out.bytes, as: UTF8.self))))
        }
    }
}
