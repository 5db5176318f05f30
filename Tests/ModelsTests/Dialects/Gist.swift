import OstiaryCore

@testable import OstiaryModels

/// What the tables say is carried between any two dialects, in a form that can be compared: who said what, in runs of
/// one role; calls with their arguments as values; results; tools; the numbers.
struct RequestGist: Equatable, CustomStringConvertible {
    var system = ""
    /// Lines like `user: words`, `call id name {…}`, `result id words`, `image …`.
    var lines: [String] = []
    var tools: [String] = []
    var choice = ""
    var numbers: [String] = []

    var description: String { ([system] + lines + tools + [choice] + numbers).joined(separator: "\n") }

    init(_ request: Exchange.Request) {
        var system = request.system.compactMap { $0.text?.string }
        if system.first?.hasPrefix("x-anthropic-billing-header:") ?? false { system.removeFirst() }
        var rest = request.turns[...]
        while let first = rest.first, first.role == .system || first.role == .developer {
            system += first.parts.compactMap { $0.text?.string }
            rest.removeFirst()
        }
        self.system = system.joined(separator: "\n\n")
        var role = ""
        for turn in rest {
            for part in turn.parts { add(part, turn.role, &role) }
        }
        for tool in request.tools {
            guard case .function = tool.kind, !tool.isDeferred else { continue }
            let schema = tool.schema.map { Sorted.text($0.value) } ?? "{}"
            tools.append("\(tool.name.string) \(tool.description?.string ?? "") \(schema)")
        }
        switch request.toolChoice?.kind {
        case .auto: choice = "auto"
        case .any: choice = "any"
        case .none?: choice = "none"
        case .tool(let name): choice = "tool \(name.string)"
        default: break
        }
        if tools.isEmpty { choice = "" }
        if let bound = request.outputBound { numbers.append("bound \(bound)") }
        if let value = request.temperature?.number { numbers.append("temperature \(value.text)") }
        numbers.append("stream \(request.streams)")
        if case .schema(let schema?, _, _) = request.format?.kind { numbers.append(Sorted.text(schema.value)) }
    }

    private mutating func say(_ who: String, _ text: String, _ role: inout String) {
        guard !text.isEmpty else { return }
        if role == who, let last = lines.indices.last, lines[last].hasPrefix("\(who): ") {
            lines[last] += "\n\n" + text
        } else {
            lines.append("\(who): \(text)")
        }
        role = who
    }

    private mutating func add(_ part: Exchange.Part, _ of: Exchange.Role, _ role: inout String) {
        let who = of == .developer ? "system" : of == .tool ? "user" : of.rawValue
        switch part.kind {
        case .text(let text): say(who, text.string, &role)
        case .refusal(let text): say(who, text.string, &role)
        case .call(let call):
            lines.append("call \(call.id.string) \(call.name.string) \(Sorted.arguments(call.arguments))")
            role = ""
        case .result(let result):
            let text = result.parts.compactMap { $0.text?.string }.joined(separator: "\n")
            lines.append("result \(result.callID.string) \(text)")
            role = ""
            for inner in result.parts where inner.text == nil { add(inner, of, &role) }
        case .image(let image):
            switch image.source {
            case .data(let type, let data): lines.append("image \(type.string) \(data.string)")
            case .url(let url): lines.append("image \(url.string)")
            case .file: lines.append("image file")
            }
            role = ""
        default: break
        }
    }
}

/// The same of an answer, whole or folded from a stream.
struct AnswerGist: Equatable, CustomStringConvertible {
    var text = ""
    var thoughts = ""
    var calls: [String] = []
    var stop = ""
    var tokens: Exchange.Tokens?
    var hasFailed = false

    var description: String { "\(text)|\(thoughts)|\(calls)|\(stop)|\(tokens.map { "\($0)" } ?? "")|\(hasFailed)" }

    init(_ answer: Exchange.Answer) {
        for part in answer.parts {
            switch part.kind {
            case .text(let words): text += words.string
            case .thinking(let words, _): thoughts += words.string
            case .call(let call):
                calls.append("\(call.name.string) \(Sorted.arguments(call.arguments))")
            default: break
            }
        }
        stop = Self.word(answer.stop ?? .end)
        tokens = answer.tokens.map(Self.known)
    }

    /// What a stream comes to, by its dialect's own reader.
    init(stream: [UInt8], _ dialect: Exchange.Dialect) {
        var reader = dialect.makeEventReader()
        var arguments: [Int: String] = [:]
        var names: [(key: Int, name: String)] = []
        var told = Exchange.Tokens()
        for data in Frames.data(in: stream) {
            var events: [Exchange.Event] = []
            if let document = try? JSONDocument(data) {
                try? reader.read(document.root, &events)
            } else if !data.elementsEqual("[DONE]".utf8) {
                hasFailed = true
            }
            for event in events {
                switch event {
                case .start(_, _, _, let tokens?): told.merge(tokens)
                case .text(let words): text += words.string
                case .thinking(let words): thoughts += words.string
                case .call(let key, _, let name):
                    if let name { names.append((key, name.string)) }
                case .arguments(let key, let words): arguments[key, default: ""] += words.string
                case .usage(let tokens): told.merge(tokens)
                case .stop(let stop, _): self.stop = Self.word(stop)
                case .failure: hasFailed = true
                default: break
                }
            }
        }
        calls = names.map { "\($0.name) \(Sorted.arguments(.text(JSONText(arguments[$0.key] ?? ""))))" }
        tokens = Self.known(told)
        if stop == "end", !calls.isEmpty { stop = "tools" }
    }

    /// The reasons that all dialects tell apart.
    private static func word(_ stop: Exchange.Stop) -> String {
        switch stop {
        case .end, .stopSequence, .pause: "end"
        case .toolUse: "tools"
        case .length, .contextFull: "length"
        case .refusal: "refusal"
        }
    }

    /// Nothing told of a cache, or of thoughts, is the same as none.
    private static func known(_ tokens: Exchange.Tokens) -> Exchange.Tokens {
        Exchange.Tokens(
            input: tokens.input,
            cacheRead: tokens.cacheRead ?? 0,
            cacheWrite: tokens.cacheWrite ?? 0,
            output: tokens.output,
            thinking: tokens.thinking ?? 0
        )
    }
}

/// JSON with members in the order of their names, so that equal meaning is equal text.
enum Sorted {
    static func text(_ value: JSONValue) -> String { String(decoding: JSONWriter.write(sorted(value)), as: UTF8.self) }

    static func sorted(_ value: JSONValue) -> JSONValue {
        switch value {
        case .array(let elements): .array(elements.map(sorted))
        case .object(let object):
            .object(
                JSONObject(
                    members: object.members.sorted { $0.name < $1.name }.map {
                        .init(name: $0.name, value: sorted($0.value))
                    }
                )
            )
        default: value
        }
    }

    static func arguments(_ arguments: Exchange.ToolCall.Arguments) -> String {
        var out = ByteWriter()
        _ = ToolArguments.write(arguments, to: &out)
        return (try? JSONReader.read(out.bytes)).map(text) ?? "?"
    }
}

/// The data of each event of a stream in plain form, by a reader that shares nothing with the product's.
enum Frames {
    static func data(in stream: [UInt8]) -> [[UInt8]] {
        let text = String(decoding: stream, as: UTF8.self).replacing("\r\n", with: "\n").replacing("\r", with: "\n")
        return text.split(separator: "\n\n").map { frame in
            let lines = frame.split(separator: "\n").filter { $0.hasPrefix("data:") }
            return Array(lines.map { $0.dropFirst($0.hasPrefix("data: ") ? 6 : 5) }.joined(separator: "\n").utf8)
        }.filter { !$0.isEmpty }
    }
}
