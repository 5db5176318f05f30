import OstiaryCore

/// The tools a client offers and how they may be used.
struct EchoTools {
    enum Choice: Equatable {
        case none, auto, required
        case named(String)
    }

    struct Tool {
        let name: String
        let parameters: JSONValue
    }

    struct Use: Equatable {
        let name: String
        let arguments: String
    }

    /// The most calls in one answer.
    private static let most = 16

    var tools: [Tool] = []
    var choice = Choice.auto

    /// The calls that a text asks for: each `call NAME {…}` whose tool is offered, with `{}` when no object follows.
    /// Where the choice demands a call and the text names none, one with the smallest arguments its schema allows.
    func calls(in text: String) -> [Use] {
        guard choice != .none, !tools.isEmpty else { return [] }
        let asked = asked(in: text)
        switch choice {
        case .none: return []
        case .auto: return asked
        case .required: return asked.isEmpty ? tools.prefix(1).map(Self.smallest) : asked
        case .named(let name):
            let named = asked.filter { $0.name == name }
            return named.isEmpty ? tools.filter { $0.name == name }.prefix(1).map(Self.smallest) : named
        }
    }

    private static func smallest(_ tool: Tool) -> Use {
        Use(
            name: tool.name,
            arguments: String(decoding: JSONWriter.write(SchemaExample.smallest(tool.parameters)), as: UTF8.self)
        )
    }

    private func asked(in text: String) -> [Use] {
        var uses: [Use] = []
        var rest = Array(text.utf8)[...]
        let word = Array("call ".utf8)
        while !rest.isEmpty && uses.count < Self.most {
            guard rest.starts(with: word) else {
                // To behind the next byte that is no part of a word, so that `recall x` asks for nothing.
                rest = rest.drop { Self.isName($0) }.dropFirst()
                continue
            }
            rest = rest.dropFirst(word.count)
            let name = String(decoding: rest.prefix { Self.isName($0) }, as: UTF8.self)
            guard tools.contains(where: { $0.name == name }) else { continue }
            rest = rest.dropFirst(name.utf8.count)
            let arguments = Self.object(rest.drop { $0 == 0x20 })
            uses.append(Use(name: name, arguments: String(decoding: arguments ?? Array("{}".utf8)[...], as: UTF8.self)))
            if let arguments { rest = rest[arguments.endIndex...] }
        }
        return uses
    }

    static func isName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    /// The JSON object that `bytes` begin with, or `nil`.
    private static func object(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard bytes.first == UInt8(ascii: "{") else { return nil }
        var depth = 0
        var inString = false
        var isEscaped = false
        for index in bytes.indices {
            switch bytes[index] {
            case _ where isEscaped: isEscaped = false
            case UInt8(ascii: "\\") where inString: isEscaped = true
            case UInt8(ascii: "\""): inString.toggle()
            case _ where inString: break
            case UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "}"):
                depth -= 1
                guard depth == 0 else { continue }
                let object = bytes[...index]
                return (try? JSONReader.read(object.span)) == nil ? nil : object
            default: break
            }
        }
        return nil
    }
}

extension EchoTools {
    /// Reads `tools` and `tool_choice`.
    /// - Parameter isFlat: whether a tool's name and schema lie beside its `type` (Responses) rather than in
    ///   `function` (Chat Completions).
    static func read(_ request: EchoMembers, isFlat: Bool) throws(EchoFault) -> EchoTools {
        var read = EchoTools()
        for tool in try request.objects("tools") ?? [] {
            guard try tool.requiredText("type") == "function" else { continue }
            guard let function = isFlat ? tool : try tool.members("function") else {
                throw .missing(tool.path("function"))
            }
            let name = try function.requiredText("name")
            guard 1...64 ~= name.utf8.count, name.utf8.allSatisfy(isName) else {
                throw .value(function.path("name"), "1 to 64 of the characters a-z, A-Z, 0-9, _ and -")
            }
            read.tools.append(Tool(name: name, parameters: function["parameters"] ?? .members()))
        }
        guard let choice = request["tool_choice"] else { return read }
        let hasTools = request["tools"] != nil
        guard hasTools else {
            throw .value("tool_choice", "no 'tool_choice' without 'tools'")
        }
        read.choice = try Self.choice(choice, request, read.tools, isFlat)
        return read
    }

    private static func choice(
        _ value: JSONValue,
        _ request: EchoMembers,
        _ tools: [Tool],
        _ isFlat: Bool
    ) throws(EchoFault) -> Choice {
        switch value.string {
        case "none": return .none
        case "auto": return .auto
        case "required": return .required
        case .some: throw .value("tool_choice", "'none', 'auto', 'required' or an object")
        case nil: break
        }
        guard let object = try request.members("tool_choice") else { return .auto }
        guard try object.requiredText("type") == "function" else { return .auto }
        guard let function = isFlat ? object : try object.members("function") else {
            throw .missing(object.path("function"))
        }
        let name = try function.requiredText("name")
        guard tools.contains(where: { $0.name == name }) else {
            throw .value(function.path("name"), "the name of one of 'tools'")
        }
        return .named(name)
    }
}
