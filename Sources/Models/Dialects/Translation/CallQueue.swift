import OstiaryCore

/// Puts calls of tools that a provider tells in turns one after another, for dialects that tell one at a time.
///
/// A call goes on at once while it is the first that is not complete. Whether it is complete shows in its arguments: an
/// object that is closed. Others wait until then, or until the stream is over.
struct CallQueue: Sendable {
    /// Bytes of arguments that may wait.
    static let longest = 8 << 20
    /// Calls that may wait.
    static let most = 512

    enum Step: Sendable {
        case begin(id: JSONText?, name: JSONText)
        case arguments(JSONText)
        case end
    }

    private struct Waiting: Sendable {
        var key: Int
        var id: JSONText?
        var name: JSONText?
        var arguments: [JSONText] = []
    }

    private var open: (key: Int, end: ObjectEnd)?
    private var waiting: [Waiting] = []
    private var waitingBytes = 0
    private var begun = 0

    var isIdle: Bool { open == nil && waiting.isEmpty }

    /// A call begins, or more of its name or id is known.
    mutating func call(_ key: Int, _ id: JSONText?, _ name: JSONText?) throws(GateError) -> [Step] {
        if key == open?.key { return [] }
        if let place = waiting.firstIndex(where: { $0.key == key }) {
            waiting[place].id = waiting[place].id ?? id
            waiting[place].name = waiting[place].name ?? name
        } else if key >= begun {
            guard waiting.count < Self.most else { throw .unreadableAnswer("too_many_calls") }
            waiting.append(Waiting(key: key, id: id, name: name))
            begun = key + 1
        }
        return advance()
    }

    mutating func arguments(_ key: Int, _ text: JSONText) throws(GateError) -> [Step] {
        if open?.key == key {
            open?.end.take(text.bytes)
            return [.arguments(text)] + advance()
        }
        guard let place = waiting.firstIndex(where: { $0.key == key }) else {
            // It was closed because its arguments were complete, or because something else began.
            guard text.isBlank else { throw .unreadableAnswer("arguments_behind_their_call") }
            return []
        }
        waitingBytes += text.byteCount
        guard waitingBytes <= Self.longest else { throw .unreadableAnswer("too_many_arguments") }
        waiting[place].arguments.append(text)
        return []
    }

    /// Something else begins, or the answer is over: all that is known is told.
    /// - Parameter isOver: whether a call that has no name by now is an error.
    mutating func flush(isOver: Bool) throws(GateError) -> [Step] {
        var steps: [Step] = []
        if open != nil {
            steps.append(.end)
            open = nil
        }
        var nameless: [Waiting] = []
        for call in waiting {
            guard let name = call.name else {
                nameless.append(call)
                continue
            }
            steps.append(.begin(id: call.id, name: name))
            steps += call.arguments.map { .arguments($0) }
            steps.append(.end)
        }
        waiting = nameless
        waitingBytes = 0
        if isOver, !nameless.isEmpty { throw .unreadableAnswer("call_without_name") }
        return steps
    }

    private mutating func advance() -> [Step] {
        var steps: [Step] = []
        while let next = waiting.first, let name = next.name {
            if let current = open {
                guard current.end.isComplete else { break }
                steps.append(.end)
            }
            waiting.removeFirst()
            steps.append(.begin(id: next.id, name: name))
            var end = ObjectEnd()
            for text in next.arguments {
                end.take(text.bytes)
                waitingBytes -= text.byteCount
                steps.append(.arguments(text))
            }
            open = (next.key, end)
        }
        return steps
    }
}

/// Watches JSON go by in pieces and knows when its object is closed.
struct ObjectEnd: Sendable {
    private var depth = 0
    private var isInString = false
    private var isEscaped = false
    private(set) var isComplete = false

    mutating func take(_ bytes: [UInt8]) {
        for byte in bytes {
            if isEscaped {
                isEscaped = false
            } else if isInString {
                if byte == UInt8(ascii: "\\") { isEscaped = true }
                if byte == UInt8(ascii: "\"") { isInString = false }
            } else {
                switch byte {
                case UInt8(ascii: "\""): isInString = true
                case UInt8(ascii: "{"), UInt8(ascii: "["): depth &+= 1
                case UInt8(ascii: "}"), UInt8(ascii: "]"):
                    depth &-= 1
                    if depth <= 0 { isComplete = true }
                default: continue
                }
            }
        }
    }
}
