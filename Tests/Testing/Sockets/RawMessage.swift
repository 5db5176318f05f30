/// An HTTP/1.1 message taken apart the plain way, for tests to look at.
public struct RawMessage: Sendable, CustomStringConvertible, CustomReflectable {
    public let startLine: String
    /// Names in lower case, in order.
    public let fields: [(name: String, value: String)]
    public var body: [UInt8] = []
    /// The pieces of a chunked body.
    public var chunks: [[UInt8]] = []
    /// Framing on the wire included.
    public var raw: [UInt8] = []
    /// Whether all that the framing promises was there.
    public var isComplete = false

    public var status: Int { Int(startLine.split(separator: " ").dropFirst().first ?? "") ?? 0 }
    public var method: String { String(startLine.split(separator: " ").first ?? "") }
    public var target: String { String(startLine.split(separator: " ").dropFirst().first ?? "") }
    public var text: String { String(decoding: body, as: UTF8.self) }
    public func values(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }
    public var names: [String] { fields.map(\.name) }
    public subscript(name: String) -> String? { values(name).first }

    /// Reads the head at the beginning of `bytes`, and as much of the body as is there.
    /// - Parameters:
    ///   - hasNoBody: for answers to HEAD.
    ///   - isEnded: whether no more bytes will come, which completes a body without framing.
    /// - Returns: `nil` while the head is not all there.
    public init?(_ bytes: ArraySlice<UInt8>, hasNoBody: Bool = false, isEnded: Bool = false) {
        guard let end = Self.headEnd(bytes) else { return nil }
        let lines = String(decoding: bytes[bytes.startIndex..<end], as: UTF8.self).split(
            separator: "\r\n",
            omittingEmptySubsequences: true
        )
        startLine = lines.first.map(String.init) ?? ""
        fields = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? parts[1].drop { $0 == " " || $0 == "\t" } : ""
            return (String(parts[0]).lowercased(), String(value))
        }
        let isAnswer = startLine.hasPrefix("HTTP/")
        let rest = bytes[end...]
        if hasNoBody || isAnswer && (status < 200 || status == 204 || status == 304) {
            finish(bytes, end, [], true)
        } else if self["transfer-encoding"] != nil {
            readChunks(bytes, end)
        } else if let length = self["content-length"].flatMap({ Int($0) }) {
            let body = rest.prefix(length)
            finish(bytes, body.endIndex, Array(body), body.count == length)
        } else if isAnswer {
            finish(bytes, bytes.endIndex, Array(rest), isEnded)
        } else {
            finish(bytes, end, [], true)
        }
    }

    private mutating func finish(_ bytes: ArraySlice<UInt8>, _ end: Int, _ body: [UInt8], _ isComplete: Bool) {
        self.body = body
        self.isComplete = isComplete
        raw = Array(bytes[bytes.startIndex..<end])
    }

    private mutating func readChunks(_ bytes: ArraySlice<UInt8>, _ start: Int) {
        var index = start
        var body: [UInt8] = []
        while let lineEnd = Self.lineEnd(bytes, index) {
            guard let size = Int(String(decoding: bytes[index..<lineEnd], as: UTF8.self), radix: 16) else { break }
            index = lineEnd + 2
            if size == 0 {
                guard index + 2 <= bytes.endIndex else { break }
                return finish(bytes, index + 2, body, true)
            }
            let data = bytes[index...].prefix(size)
            body += data
            chunks.append(Array(data))
            guard data.count == size, data.endIndex + 2 <= bytes.endIndex else { break }
            index = data.endIndex + 2
        }
        finish(bytes, bytes.endIndex, body, false)
    }

    /// Short, whatever the body: a failed test prints it.
    public var description: String { "\(startLine), \(body.count) body bytes, complete: \(isComplete)" }
    public var customMirror: Mirror { Mirror(self, children: []) }

    private static func lineEnd(_ bytes: ArraySlice<UInt8>, _ start: Int) -> Int? {
        var index = start
        while index + 1 < bytes.endIndex {
            if bytes[index] == 0x0d, bytes[index + 1] == 0x0a { return index }
            index += 1
        }
        return nil
    }

    private static func headEnd(_ bytes: ArraySlice<UInt8>) -> Int? {
        var index = bytes.startIndex
        while index + 3 < bytes.endIndex {
            if bytes[index] == 0x0d, bytes[index + 1] == 0x0a, bytes[index + 2] == 0x0d, bytes[index + 3] == 0x0a {
                return index + 4
            }
            index += 1
        }
        return nil
    }
}
