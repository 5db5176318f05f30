import NIOCore
import Testing

@testable import OstiaryModels

// SEC-506
@Suite struct HidingTests {
    private static let key = "sk-proj-T3Stk3y/aBcDeFgHiJkLmNoPqRsTuVwXyZ+0123456789"
    private static let mark = "[redacted]"

    private static func hide(_ text: String, _ key: String = key) -> String {
        String(buffer: ByteBuffer(string: text).hiding(Array(key.utf8).span))
    }

    @Test func hidesTheKeyWhereverItStands() {
        let key = Self.key
        #expect(Self.hide(key) == Self.mark)
        #expect(
            Self.hide(#"{"error":{"message":"no such key: \#(key)."}}"#)
                == #"{"error":{"message":"no such key: [redacted]."}}"#
        )
        #expect(Self.hide("\(key)\(key) and \(key)") == "[redacted][redacted] and [redacted]")
        for count in 0..<40 {
            let padding = String(repeating: "-", count: count)
            #expect(Self.hide(padding + key + padding) == padding + Self.mark + padding)
        }
    }

    @Test(arguments: 8...52)
    func hidesABeginningAnEndAndAMiddle(_ count: Int) {
        let key = Self.key
        #expect(Self.hide("key \(key.prefix(count))*** is bad") == "key [redacted]*** is bad")
        #expect(Self.hide("key ***\(key.suffix(count)) is bad") == "key ***[redacted] is bad")
        let middle = key.dropFirst((key.count - count) / 2).prefix(count)
        #expect(Self.hide("<\(middle)>") == "<[redacted]>")
        #expect(Self.hide(String(key.prefix(count))) == Self.mark)
    }

    @Test(arguments: 1...7)
    func leavesShorterRuns(_ count: Int) {
        let text = "sk*\(Self.key.suffix(count)) \(Self.key.prefix(count))|"
        #expect(Self.hide(text) == text)
    }

    @Test func hidesAnEscapedKeyAndKeepsTheDocumentReadable() {
        let escaped = Self.key.replacing("/", with: #"\/"#).replacing("+", with: #"\u002b"#)
        #expect(Self.hide(#""\#(escaped)""#) == #""[redacted]\/[redacted]\u002b[redacted]""#)
        #expect(Self.hide(#"a\nabcdefghi"#, "nabcdefghi") == #"a\n[redacted]"#)
    }

    @Test func leavesACleanBodyInItsPlace() {
        let body = ByteBuffer(string: #"{"error":{"message":"The model is busy","code":"busy"}}"#)
        let before = body.withUnsafeReadableBytes { $0.baseAddress }
        let after = body.hiding(Array(Self.key.utf8).span)
        #expect(after == body)
        #expect(after.withUnsafeReadableBytes { $0.baseAddress } == before)
        #expect(Self.hide("") == "")
    }

    @Test func looksForAShortKeyAsAWhole() {
        #expect(Self.hide("use EMPTY or EMPT", "EMPTY") == "use [redacted] or EMPT")
        #expect(Self.hide("abcd", "abcd") == Self.mark)
        #expect(Self.hide("exact text", "x") == "exact text")
        #expect(Self.hide("anything", "") == "anything")
    }

    // Every short text over two letters, against what a reader would do by hand.
    @Test func agreesWithAPlainSearch() {
        let key = "abaabbabaab"
        for bits in 0..<(1 << 14) {
            let text = String(decoding: (0..<14).map { UInt8(ascii: "a") + UInt8(bits >> $0 & 1) }, as: UTF8.self)
            #expect(Self.hide(text, key) == Self.plain(text, key))
        }
    }

    private static func plain(_ text: String, _ key: String) -> String {
        var rest = Substring(text)
        var out = ""
        while let first = rest.first {
            let run = stride(from: rest.count, through: 8, by: -1).first { key.contains(rest.prefix($0)) }
            out += run == nil ? String(first) : mark
            rest = rest.dropFirst(run ?? 1)
        }
        return out
    }
}
