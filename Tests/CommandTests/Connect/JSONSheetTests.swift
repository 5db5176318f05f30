import OstiaryCore
import Testing

@testable import ostiary

@Suite struct JSONSheetTests {
    private func text(_ sheet: JSONSheet) -> String { String(decoding: sheet.bytes, as: UTF8.self) }

    private func edited(_ text: String, _ edit: (inout JSONSheet) throws -> Void) throws -> String {
        var sheet = try JSONSheet(Array(text.utf8))
        try edit(&sheet)
        _ = try JSONReader.read(sheet.bytes)
        return self.text(sheet)
    }

    @Test(arguments: [
        // Indentation, line ends and the spelling of everything else stay as they are.
        (
            "{\n    \"a\": 1.50e3,\n    \"b\": [ ]\n}",
            "{\n    \"a\": 1.50e3,\n    \"b\": [ ],\n    \"k\": {\n        \"x\": \"1\"\n    }\n}"
        ),
        ("{\r\n\t\"a\": 1\r\n}\r\n", "{\r\n\t\"a\": 1,\r\n\t\"k\": {\r\n\t\t\"x\": \"1\"\r\n\t}\r\n}\r\n"),
        ("{\"a\":1}", "{\"a\":1,\"k\":{\"x\":\"1\"}}"), ("{\"a\": 1}\n", "{\"a\": 1, \"k\": {\"x\":\"1\"}}\n"),
        ("{}", "{\n  \"k\": {\n    \"x\": \"1\"\n  }\n}"),
        (" {\n}\n", " {\n   \"k\": {\n     \"x\": \"1\"\n   }\n }\n"),
        ("{\n  \"k\": {}\n}\n", "{\n  \"k\": {\n    \"x\": \"1\"\n  }\n}\n"),
        ("{\n  \"k\": {\"y\": 2}\n}\n", "{\n  \"k\": {\"y\": 2, \"x\": \"1\"}\n}\n"),
        (
            "{\n  \"k\": {\n    \"x\": null\n  }, \"z\": \"}\\\",{\"\n}\n",
            "{\n  \"k\": {\n    \"x\": \"1\"\n  }, \"z\": \"}\\\",{\"\n}\n"
        ),
        ("{\"\\u006b\":{\"x\":[1,{\"y\":\"]\"}]}}", "{\"\\u006b\":{\"x\":\"1\"}}"),
    ])
    func setsAMemberWhereItBelongs(before: String, after: String) throws {
        #expect(try edited(before) { try $0.set(["k", "x"], .string("1")) } == after)
    }

    @Test(arguments: [
        ("{\n  \"a\": 1,\n  \"k\": 2\n}\n", "{\n  \"a\": 1\n}\n"),
        ("{\n  \"k\": 2,\n  \"a\": 1\n}\n", "{\n  \"a\": 1\n}\n"),
        ("{\"k\": {\"b\": [1]}}", "{}"), ("{\"a\": 1}", "{\"a\": 1}"),
        ("{\"a\":1,\"k\":2,\"b\":3}", "{\"a\":1,\"b\":3}"),
    ])
    func removesAMember(before: String, after: String) throws {
        #expect(try edited(before) { $0.remove(["k"]) } == after)
    }

    @Test func leavesOtherKindsOfValuesInTheWayAlone() throws {
        var sheet = try JSONSheet(Array(#"{"env": "none"}"#.utf8))
        #expect(throws: JSONSheet.Misfit(path: ["env"])) { try sheet.set(["env", "A"], .string("1")) }
        sheet.remove(["env", "A"])
        #expect(text(sheet) == #"{"env": "none"}"#)
    }

    @Test(arguments: [
        ("{\n  \"a\": 1,\n  \"b\" 2\n}", 3, 7), ("[1]", 1, 1), ("{\"\u{e4}\": 1, \"\u{e4}\": 2}", 1, 10), ("", 1, 1),
        ("{\"a\": 1}\n// no\n", 2, 1), ("\n\n  7", 3, 3),
    ])
    func tellsWhereTheFaultIs(text: String, line: Int, column: Int) {
        let fault = #expect(throws: JSONFault.self) { try JSONSheet(Array(text.utf8)) }
        let place = fault?.place(in: Array(text.utf8))
        #expect(place?.line == line)
        #expect(place?.column == column)
    }

    /// Whatever is set and taken out again, what was there stays what it was.
    @Test func whatIsSetAndRemovedLeavesTheValueAsItWas() throws {
        var random = SplitMix(state: 7)
        for _ in 0..<2_000 {
            let document = Self.document(&random, depth: 3)
            let space = ["", " ", "\n  ", "\r\n\t"][Int(random.next() % 4)]
            let bytes = Self.spaced(JSONWriter.write(document), with: space)
            var sheet = try JSONSheet(bytes)
            guard document.object?["k"] == nil else { continue }
            try sheet.set(["k", "x"], .string("1"))
            #expect(sheet.value(at: ["k", "x"]) == .string("1"))
            try sheet.set(["k", "y"], .string("2"))
            sheet.remove(["k", "x"])
            #expect(sheet.value(at: ["k"]) == .object(JSONObject(members: [.init(name: "y", value: .string("2"))])))
            sheet.remove(["k"])
            #expect(sheet.root == document)
        }
    }

    private static func document(_ random: inout SplitMix, depth: Int) -> JSONValue {
        let members = (0..<Int(random.next() % 4)).map { index in
            JSONObject.Member(name: ["a", "b\"{", "c,]", "k"][index], value: value(&random, depth: depth))
        }
        return .object(JSONObject(members: members))
    }

    private static func value(_ random: inout SplitMix, depth: Int) -> JSONValue {
        switch random.next() % (depth > 0 ? 6 : 4) {
        case 0: .null
        case 1: .string(["", "}", "\\\"", ",:["][Int(random.next() % 4)])
        case 2: .number(JSONNumber(text: "-1.5E+2"))
        case 3: .bool(true)
        case 4: .array((0..<Int(random.next() % 3)).map { _ in value(&random, depth: depth - 1) })
        default: document(&random, depth: depth - 1)
        }
    }

    /// White space between all pieces.
    private static func spaced(_ bytes: [UInt8], with space: String) -> [UInt8] {
        var spaced: [UInt8] = []
        var isInside = false
        var isEscaped = false
        for byte in bytes {
            if !isInside, [UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: ":")].contains(byte) {
                spaced += Array(space.utf8)
            }
            spaced.append(byte)
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = isInside
            } else if byte == UInt8(ascii: "\"") {
                isInside.toggle()
            }
            if !isInside, [UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: ",")].contains(byte) {
                spaced += Array(space.utf8)
            }
        }
        return spaced
    }

    private struct SplitMix: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var word = state
            word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
            word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
            return word ^ word >> 31
        }
    }
}
