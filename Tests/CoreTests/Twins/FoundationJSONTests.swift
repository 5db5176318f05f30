import Foundation
import OstiaryCore
import OstiaryTesting
import Testing

// SEC-112
/// Two readers of one document: the strict one and Foundation's.
@Suite struct FoundationJSONTests {
    @Test(
        arguments: [
            (#"{"a":1,"a":2}"#, FoundationJSON.Verdict.listed(.duplicateMember)),
            ("\u{feff}{}", .listed(.encoding)), ("1e400", .listed(.numberRange)), ("[-1e99999]", .listed(.numberRange)),
            (String(repeating: "[", count: 65) + String(repeating: "]", count: 65), .listed(.depth)),
            (String(repeating: "[", count: 64) + String(repeating: "]", count: 64), .same),
            (String(repeating: "[", count: 5000), .refused),
            ("{\"e\u{301}\":1,\"\u{e9}\":2}", .listed(.canonicalNames)),
            (#"{"model":"m","stream":true,"n":[1,-0,0.5,1e3,9007199254740993]}"#, .same), ("", .refused),
            ("[1,]", .listed(.trailingComma)), ("{\"a\":[1 , ],}", .listed(.trailingComma)), ("[1,,]", .refused),
            (#""\ud83d""#, .refused), (#""\ud83d\ude00\u0000\/""#, .same), ("NaN", .refused), ("[1 2]", .refused),
            ("01", .refused), ("\"a\nb\"", .refused), ("{\"a\":1}}", .refused), ("tru", .refused),
            ("// a\n1", .refused),
            ("123456789012345678901234567890", .same), ("18446744073709551615", .same), ("0.1", .same),
            ("2.2250738585072011e-308", .same), ("5e-324", .same), ("1.7976931348623157e308", .same), ("'a'", .refused),
        ] as [(String, FoundationJSON.Verdict)]
    )
    func theListIsTheWholeDifference(text: String, verdict: FoundationJSON.Verdict) {
        #expect(FoundationJSON.compare(Array(text.utf8)) == verdict)
    }

    @Test func otherEncodingsAreReadThereAndRefusedHere() throws {
        for encoding in [
            String.Encoding.utf16LittleEndian, .utf16BigEndian, .utf32LittleEndian, .utf32BigEndian, .utf16,
        ] {
            let data = try #require(#"{"a":1}"#.data(using: encoding))
            #expect(FoundationJSON.compare(Array(data)) == .listed(.encoding))
        }
        #expect(FoundationJSON.compare([0x22, 0xc0, 0xaf, 0x22]) == .refused)
        #expect(FoundationJSON.compare([0x22, 0xed, 0xa0, 0x80, 0x22]) == .refused)
    }

    /// Documents of all kinds, then the same with bytes changed: what one reader takes the other takes, to the same end.
    @Test func bothReadMadeUpDocumentsTheSame() async {
        var random = SeededGenerator(seed: 112)
        let alphabet = Array("{}[]\",:\\/u0019eE.-+tfn \r\n\t\u{0}\u{7f}d8c".utf8)
        var counts: [String: Int] = [:]
        for number in 0..<2500 {
            // Others want to go on too.
            await Task.yield()
            var document = Array(NastyJSON.document(&random, depth: 5).utf8)
            for _ in 0..<(number % 3) { document = random.damaged(document, with: alphabet) }
            let verdict = FoundationJSON.compare(document)
            if case .different(let why) = verdict {
                Issue.record("\(why): \(String(decoding: document, as: UTF8.self).debugDescription)")
            }
            counts["\(verdict)".prefix { $0 != "(" }.description, default: 0] += 1
        }
        #expect(counts["same", default: 0] > 800 && counts["refused", default: 0] > 400)
    }

    /// 32 MiB of opening brackets end at the depth that is allowed, whoever asks for how much: the stack is bounded by
    /// that depth and not by the document.
    @Test func aDocumentCannotChooseTheStack() {
        for piece in ["[", "{\"a\":", "[[{\"a\":"] {
            let document = Array(String(repeating: piece, count: (32 << 20) / piece.utf8.count).utf8)
            for depth in [1, 64, JSONReader.deepest, .max] {
                let limit = min(depth, JSONReader.deepest)
                do throws(JSONFault) {
                    _ = try JSONReader.read(document, depth: depth)
                    Issue.record("it is no document")
                } catch {
                    #expect(error.reason == .depth)
                    // Where it ends does not depend on how long the document is.
                    #expect(error.offset <= limit * piece.utf8.count)
                }
            }
        }
    }
}

/// Makes up documents of every kind of value, spelled in every way that the grammar has.
enum NastyJSON {
    static func document(_ random: inout SeededGenerator, depth: Int) -> String {
        blank(&random) + value(&random, depth) + blank(&random)
    }

    private static func value(_ random: inout SeededGenerator, _ depth: Int) -> String {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 5), using: &random) {
        case 0: return random.one(of: ["null", "true", "false"], else: "null")
        case 1, 2: return number(&random)
        case 3, 4: return string(&random)
        case 5:
            return list(&random, "[", "]") { random in value(&random, depth - 1) }
        default:
            return list(&random, "{", "}") { random in
                string(&random) + blank(&random) + ":" + blank(&random) + value(&random, depth - 1)
            }
        }
    }

    private static func list(
        _ random: inout SeededGenerator,
        _ open: String,
        _ close: String,
        _ item: (inout SeededGenerator) -> String
    ) -> String {
        let items = (0..<Int.random(in: 0..<5, using: &random)).map { _ in
            blank(&random) + item(&random) + blank(&random)
        }
        return open + items.joined(separator: ",") + (items.isEmpty ? blank(&random) : "") + close
    }

    private static func number(_ random: inout SeededGenerator) -> String {
        let fixed = [
            "0", "-0", "1", "-1", "9007199254740993", "9223372036854775807", "9223372036854775808", "1e2", "1E+2",
        ]
        if random.happens(onceIn: 3) { return random.one(of: fixed, else: "0") }
        let sign = random.one(of: ["", "-"], else: "")
        let whole = String(UInt64.random(in: 0...(1 << UInt64.random(in: 0...60, using: &random)), using: &random))
        let fraction = random.happens(onceIn: 2) ? ".\(UInt32.random(in: 0...99_999, using: &random))" : ""
        let exponent = random.one(of: ["", "", "e5", "E-7", "e+0", "e-300"], else: "")
        return sign + whole + fraction + exponent
    }

    private static func string(_ random: inout SeededGenerator) -> String {
        let pieces = [
            "a", "model", " ", "é", "e\u{301}", "😀", "\u{7f}", "\u{2028}", "\\\"", "\\\\", "\\/", "\\b\\f\\n\\r\\t",
            "\\u0041",
            "\\u00e9", "\\ud83d\\ude00", "\\u0000", "\\uFFFF", "/", "'", "{", "]", ":", ",",
        ]
        return "\""
            + (0..<Int.random(in: 0..<6, using: &random)).map { _ in random.one(of: pieces, else: "a") }.joined()
            + "\""
    }

    private static func blank(_ random: inout SeededGenerator) -> String {
        random.one(of: ["", "", "", " ", "\n", "\r\n\t "], else: "")
    }
}
