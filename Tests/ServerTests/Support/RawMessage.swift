/// An HTTP/1.1 message as it went over a line.
struct RawMessage: Sendable {
    var start: String
    var fields: [(name: String, value: String)] = []
    var body: [UInt8] = []
    /// Whether the connection ended before the message did.
    var isCut = false
    /// The pieces of a chunked body.
    var chunks: [[UInt8]] = []

    var status: Int { Int(start.split(separator: " ").dropFirst().first ?? "") ?? 0 }
    var method: String { String(start.split(separator: " ").first ?? "") }
    var target: String { String(start.split(separator: " ").dropFirst().first ?? "") }
    var text: String { String(decoding: body, as: UTF8.self) }

    subscript(_ name: String) -> String? { fields.first { $0.name == name }?.value }
    func all(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }
    var names: [String] { fields.map(\.name) }

    init(head: String) {
        let lines = head.split(separator: "\r\n", omittingEmptySubsequences: true)
        start = String(lines.first ?? "")
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            fields.append((line[..<colon].lowercased(), String(value)))
        }
    }
}

extension RawLine {
    /// The next head, taken off the line; `nil` when the line ended before one was complete.
    func nextHead() async throws -> RawMessage? {
        var head: [UInt8]?
        try await wait(for: "a message's head, after: \(String(decoding: waiting.prefix(300), as: UTF8.self))") {
            // In this order, as what ends the line may come between the two.
            let ended = end != nil
            let bytes = waiting
            if let length = Self.headLength(bytes) {
                head = take(length)
                return true
            }
            return ended
        }
        return head.map { RawMessage(head: String(decoding: $0, as: UTF8.self)) }
    }

    /// The next request, complete.
    func nextRequest() async throws -> RawMessage? {
        guard var message = try await nextHead() else { return nil }
        try await readBody(of: &message, untilClose: false)
        return message
    }

    /// The next answer that is no interim one, complete or cut.
    func nextAnswer(toHEAD: Bool = false) async throws -> RawMessage {
        while true {
            guard var message = try await nextHead() else { throw NeverHappened(what: "an answer before the end") }
            if message.status < 200 { continue }
            if toHEAD || message.status == 204 || message.status == 304 { return message }
            try await readBody(of: &message, untilClose: true)
            return message
        }
    }

    private func readBody(of message: inout RawMessage, untilClose: Bool) async throws {
        if message["transfer-encoding"] == "chunked" {
            try await readChunks(of: &message)
        } else if let length = message["content-length"].flatMap({ Int($0) }) {
            message.isCut = try await !arrive(length)
            message.body = take(length)
        } else if untilClose {
            try await wait(for: "the end of the line") { end != nil }
            message.isCut = end == .reset
            message.body = take(.max)
        }
    }

    private func readChunks(of message: inout RawMessage) async throws {
        while true {
            guard let size = try await nextLine().flatMap({ Int($0, radix: 16) }), try await arrive(size + 2) else {
                message.isCut = true
                return
            }
            let piece = take(size)
            _ = take(2)
            if size == 0 { return }
            message.body += piece
            message.chunks.append(piece)
        }
    }

    func nextLine() async throws -> String? {
        var line: [UInt8]?
        try await wait(for: "a line") {
            let ended = end != nil
            let bytes = waiting
            if let index = bytes.firstIndex(of: 0x0a) {
                line = take(index + 1).dropLast(2)
                return true
            }
            return ended
        }
        return line.map { String(decoding: $0, as: UTF8.self) }
    }

    /// Whether this many bytes arrive before the end.
    func arrive(_ wanted: Int) async throws -> Bool {
        var complete = false
        try await wait(for: "\(wanted) bytes") {
            let ended = end != nil
            complete = waitingCount >= wanted
            return complete || ended
        }
        return complete
    }

    private static func headLength(_ bytes: [UInt8]) -> Int? {
        guard bytes.count >= 4 else { return nil }
        for index in 0...(bytes.count - 4) where bytes[index] == 0x0d {
            if bytes[index + 1] == 0x0a, bytes[index + 2] == 0x0d, bytes[index + 3] == 0x0a { return index + 4 }
        }
        return nil
    }
}
