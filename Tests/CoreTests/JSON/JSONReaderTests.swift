import OstiaryCore
import Testing

@Suite struct JSONReaderTests {
    func read(_ text: String, depth: Int = 64) throws(JSONFault) -> JSONValue {
        try JSONReader.read(Array(text.utf8), depth: depth)
    }

    func fault(_ bytes: [UInt8], depth: Int = 64) -> JSONFault.Reason? {
        do throws(JSONFault) {
            _ = try JSONReader.read(bytes, depth: depth)
            return nil
        } catch {
            return error.reason
        }
    }

    @Test(arguments: [
        "null", "true", "false", "0", "-0", "-0.0e-0", "1E+2", "123456789012345678901234567890", "0.1", "\"\"", "[]",
        "{}", " \t\r\n[ 1 , 2 ]\n", "{\"a\":{\"a\":1},\"b\":[{\"a\":2}]}", "{\"\":1}", "\"\\u0000\"",
        "\"\\ud83d\\ude00\"", "\"\u{7f}\"", "\"\u{10ffff}\"", "\"\u{feff}\"", "\"\\/\\\"\\\\\\b\\f\\n\\r\\t\"",
        "{\"e\u{301}\":1,\"\u{e9}\":2}",
    ])
    func acceptsWhatTheGrammarHas(text: String) throws {
        _ = try read(text)
    }

    @Test(arguments: [
        "", " ", "nul", "nulL", "True", "tru", "truex", "+1", "01", "-", "-01", ".5", "1.", "1.e1", "1e", "1e+", "0x1",
        "NaN", "Infinity", "-Infinity", "1_000", "'a'", "\"", "\"a", "\"\\\"", "\"\\x41\"", "\"\\u12\"",
        "\"\\u12G4\"", "\"\\U0041\"", "\"\u{1}\"", "\"a\nb\"", "\"\0\"", "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]",
        "[1,,2]", "]", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,}", "{a:1}", "{1:1}",
        "{\"a\" 1}", "{\"a\":1 \"b\":2}", "{\"a\":1}}", "{}{}", "1 2", "[]x", "// c\n1", "/* c */ 1", "[1] // c",
        "\u{feff}1", "\u{a0}1", "\u{2028}1", "\u{b}1", "\u{c}1", "{\"a\":1]", "[1}", "undefined", "1,",
    ])
    func refusesWhatTheGrammarHasNot(text: String) {
        #expect(fault(Array(text.utf8)) != nil)
    }

    // SEC-112
    @Test func keepsMembersInTheirOrderAndNumbersAsSpelled() throws {
        let value = try read(#"{"b":1.50,"a":[null,true,"x"]}"#)
        #expect(value.object?.members.map(\.name) == ["b", "a"])
        #expect(value.object?["b"] == .number(JSONNumber(text: "1.50")))
        #expect(value.object?["a"] == .array([.null, .bool(true), .string("x")]))
    }

    @Test func undoesEscapes() throws {
        let value = try read(#""\u0041\ud83d\ude00\/\n\u00e9z""#)
        #expect(value.string.map { Array($0.utf8) } == Array("A\u{1F600}/\n\u{e9}z".utf8))
    }

    // SEC-112
    @Test(arguments: [
        #"{"a":1,"a":1}"#, #"{"a":1,"\u0061":2}"#, #"{"x":{"a":1,"b":2,"a":3}}"#, #"[{"":1,"":2}]"#,
        #"{"1":0,"2":0,"3":0,"4":0,"5":0,"6":0,"7":0,"8":0,"9":0,"10":0,"\u0031":0}"#,
        #"{"1":0,"2":0,"3":0,"4":0,"5":0,"6":0,"7":0,"8":0,"9":0,"10":0,"10":0}"#,
    ])
    func refusesTwoMembersOfOneName(text: String) {
        #expect(fault(Array(text.utf8)) == .duplicateMember)
    }

    @Test func comparesNamesByBytes() throws {
        var text = #"{"1":0,"2":0,"3":0,"4":0,"5":0,"6":0,"7":0,"8":0,"#
        text += "\"e\u{301}\":1,\"\u{e9}\":2}"
        #expect(try read(text).object?.members.count == 10)
    }

    // SEC-112
    @Test(arguments: [
        #""\ud83d""#, #""\ud83dx""#, #""\ude00""#, #""\ud83d\n""#, #""\ud83d\ud83d""#, #""\ud83d\u0041""#,
        #""\ude00\ud83d""#,
    ])
    func refusesLoneSurrogates(text: String) {
        #expect(fault(Array(text.utf8)) == .loneSurrogate)
    }

    // SEC-112
    @Test(arguments: [
        [0x80], [0xc0, 0xaf], [0xc3], [0xe0, 0x80, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xff],
        [0xf5, 0x80, 0x80, 0x80], [0xc3, 0x28],
    ])
    func refusesInvalidUTF8(bytes: [UInt8]) {
        let quote = UInt8(ascii: "\"")
        #expect(fault([quote] + bytes + [quote]) == .encoding)
        #expect(fault([quote] + Array("a long plain run \\n".utf8) + bytes + [quote]) == .encoding)
        #expect(fault(bytes) != nil)
    }

    @Test func refusesAByteOrderMarkAndOtherEncodings() {
        #expect(fault([0xef, 0xbb, 0xbf, 0x31]) == .encoding)
        #expect(fault([0xff, 0xfe, 0x31, 0x00]) != nil)
        #expect(fault([0x31, 0x00]) == .trailing)
    }

    // SEC-112
    @Test func boundsTheDepth() throws {
        #expect(throws: Never.self) { try read(String(repeating: "[", count: 3) + "]]]", depth: 3) }
        #expect(fault(Array("[[[[]]]]".utf8), depth: 3) == .depth)
        #expect(fault(Array(#"{"a":[{}]}"#.utf8), depth: 2) == .depth)
        #expect(fault(Array("1".utf8), depth: 0) == nil)
        #expect(fault(Array("[]".utf8), depth: 0) == .depth)
    }

    // SEC-112
    @Test func survivesALongRunOfOpeningBrackets() {
        let brackets = [UInt8](repeating: UInt8(ascii: "["), count: 32 << 20)
        #expect(fault(brackets) == .depth)
        #expect(fault(brackets, depth: .max) == .depth)
        #expect(fault(Array(repeating: Array("{\"a\":".utf8), count: 100_000).flatMap { $0 }, depth: .max) == .depth)
    }

    @Test func readsTheDeepestNesting() throws {
        let deep = String(repeating: "[", count: JSONReader.deepest) + String(repeating: "]", count: JSONReader.deepest)
        #expect(throws: Never.self) { try read(deep, depth: .max) }
        #expect(fault(Array("[\(deep)]".utf8), depth: .max) == .depth)
    }

    @Test func namesTheOffsetOfTheFault() {
        #expect(throws: JSONFault(.syntax, at: 4)) { try read("[1, x]") }
        #expect(throws: JSONFault(.duplicateMember, at: 7)) { try read(#"{"a":1,"a":2}"#) }
        #expect(throws: JSONFault(.trailing, at: 3)) { try read("{} x") }
        #expect(throws: JSONFault(.truncated, at: 2)) { try read("[1") }
    }

    @Test func findsDelimitersAtEveryPlaceOfAWord() throws {
        for length in 0..<40 {
            let run = String(repeating: "é€a", count: length).prefix(length)
            #expect(try read("\"\(run)\"").string == String(run))
            #expect(try read("\"\(run)\\n\(run)\"").string == "\(run)\n\(run)")
            #expect(fault(Array("\"\(run)\u{1f}\(run)\"".utf8)) == .syntax)
        }
    }

    // SEC-001
    @Test func everyPrefixOfADocumentIsRefusedWithoutATrap() throws {
        let document = Array(#" {"a":[1.5e-3,"\ud83d\ude00é",null,{"b":true}],"c":false}"#.utf8)
        for length in 0..<document.count { #expect(fault(Array(document[..<length])) != nil) }
        #expect(fault(document) == nil)
    }

    @Test func aManyMembersObjectIsReadInLinearTime() throws {
        let members = (0..<200_000).map { "\"k\($0)\":0" }.joined(separator: ",")
        #expect(try read("{\(members)}").object?.members.count == 200_000)
        #expect(fault(Array("{\(members),\"k77\":0}".utf8)) == .duplicateMember)
    }
}
