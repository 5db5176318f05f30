/// Text on its way from one document to another: mostly a range of the first one's bytes, escapes and all, which is
/// copied and never decoded.
public struct JSONText: Sendable {
    private enum Form: Sendable {
        /// The content of a checked string, without its quotes, or a part of it that cuts no escape.
        case slice(JSONDocument, start: UInt32, end: UInt32, Escapes)
        case string(String)
        indirect case joined([JSONText])
    }

    /// What escapes a slice may have.
    enum Escapes: Sendable {
        case none, some, numbered
    }

    private let form: Form

    init(_ document: JSONDocument, _ node: JSONDocument.Node) {
        form = .slice(
            document,
            start: node.start + 1,
            end: node.end - 1,
            node.hasNumberedEscapes ? .numbered : node.hasEscapes ? .some : .none
        )
    }

    private init(_ form: Form) { self.form = form }

    /// Text of our own, not escaped.
    public init(_ string: String) { form = .string(string) }

    /// One after another.
    public init(joining texts: [JSONText], by separator: String = "") {
        guard let first = texts.first, texts.count > 1 else {
            self = texts.first ?? JSONText("")
            return
        }
        var parts = [first]
        for text in texts.dropFirst() {
            if !separator.isEmpty { parts.append(JSONText(separator)) }
            parts.append(text)
        }
        form = .joined(parts)
    }

    public var isEmpty: Bool {
        switch form {
        case .slice(_, let start, let end, _): start == end
        case .string(let string): string.isEmpty
        case .joined(let texts): texts.allSatisfy(\.isEmpty)
        }
    }

    /// Bytes as they are written, escapes counted; no more than an estimate of the text's length.
    public var byteCount: Int {
        switch form {
        case .slice(_, let start, let end, _): Int(end - start)
        case .string(let string): string.utf8.count
        case .joined(let texts): texts.reduce(0) { $0 + $1.byteCount }
        }
    }

    /// The text, escapes undone.
    public var string: String {
        switch form {
        case .slice(let document, let start, let end, .none):
            return String(decoding: document.bytes[Int(start)..<Int(end)], as: UTF8.self)
        case .string(let string): return string
        default: return String(decoding: bytes, as: UTF8.self)
        }
    }

    /// The text in UTF-8, escapes undone.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount)
        appendBytes(to: &bytes)
        return bytes
    }

    private func appendBytes(to bytes: inout [UInt8]) {
        switch form {
        case .slice(let document, let start, let end, .none):
            bytes.append(contentsOf: document.bytes[Int(start)..<Int(end)])
        case .slice(let document, let start, let end, _):
            let source = document.bytes
            JSONStrings.decode(source.span.extracting(Int(start)..<Int(end))) { bytes.append($0) }
        case .string(let string): bytes.append(contentsOf: string.utf8)
        case .joined(let texts): for text in texts { text.appendBytes(to: &bytes) }
        }
    }

    /// Whether it says exactly this.
    public func equals(_ literal: StaticString) -> Bool {
        let count = literal.utf8CodeUnitCount
        if case .slice(let document, let start, let end, .none) = form {
            guard Int(end - start) == count else { return false }
            for offset in 0..<count where document.bytes[Int(start) + offset] != literal.utf8Start[offset] {
                return false
            }
            return true
        }
        return literal.withUTF8Buffer { bytes.elementsEqual($0) }
    }

    /// Whether it begins with this.
    public func starts(with literal: StaticString) -> Bool {
        let count = literal.utf8CodeUnitCount
        if case .slice(let document, let start, let end, .none) = form {
            guard Int(end - start) >= count else { return false }
            for offset in 0..<count where document.bytes[Int(start) + offset] != literal.utf8Start[offset] {
                return false
            }
            return true
        }
        return literal.withUTF8Buffer { bytes.starts(with: $0) }
    }

    /// What stands before the first `byte`, and behind it; `nil` where there is none. For text without escapes up to
    /// there, else `nil`.
    public func split(at byte: UInt8, within bound: Int) -> (before: String, behind: JSONText)? {
        switch form {
        case .slice(let document, let start, let end, let escapes):
            for index in Int(start)..<min(Int(end), Int(start) + bound) {
                let here = document.bytes[index]
                if here == UInt8(ascii: "\\") { return nil }
                if here == byte {
                    let before = String(decoding: document.bytes[Int(start)..<index], as: UTF8.self)
                    let rest = UInt32(truncatingIfNeeded: index + 1)
                    return (before, JSONText(.slice(document, start: rest, end: end, escapes)))
                }
            }
            return nil
        default:
            let text = bytes
            guard let place = text.prefix(bound).firstIndex(of: byte) else { return nil }
            return (
                String(decoding: text[..<place], as: UTF8.self),
                JSONText(String(decoding: text[(place + 1)...], as: UTF8.self))
            )
        }
    }

    /// Whether it holds nothing but white space.
    public var isBlank: Bool {
        bytes.allSatisfy { $0 == 0x20 || (0x09...0x0d).contains($0) }
    }

    // MARK: Writing

    /// Writes it as the content of a JSON string, without the quotes. Escapes stay, but for characters written by their
    /// numbers, which become UTF-8 where they may, and lone surrogates, which become U+FFFD.
    func writeContent(to out: inout ByteWriter) {
        switch form {
        case .slice(let document, let start, let end, let escapes):
            let bytes = document.bytes
            let content = bytes.span.extracting(Int(start)..<Int(end))
            if escapes == .numbered { Self.writeRenumbered(content, to: &out) } else { out.writeSpan(content) }
        case .string(let string): out.writeEscaped(string)
        case .joined(let texts): for text in texts { text.writeContent(to: &out) }
        }
    }

    /// Content with `\u` escapes, or whole values with them.
    static func writeRenumbered(_ content: Span<UInt8>, to out: inout ByteWriter) {
        var index = 0
        var copied = 0
        while index < content.count {
            guard content[index] == UInt8(ascii: "\\") else {
                index += 1
                continue
            }
            guard index + 1 < content.count, content[index + 1] == UInt8(ascii: "u") else {
                index += 2
                continue
            }
            out.writeSpan(content.extracting(copied..<index))
            out.writeEscaped(JSONStrings.scalar(content, &index))
            copied = index
        }
        if copied < content.count { out.writeSpan(content.extracting(copied..<content.count)) }
    }
}
