import OstiaryTesting
import Testing

@testable import OstiaryCore

// SEC-001
@Suite struct JSONDocumentTests {
    private func fault(_ text: String, limits: JSONDocument.Limits = .init()) -> JSONFault.Reason? {
        do {
            _ = try JSONDocument(Array(text.utf8), limits: limits)
            return nil
        } catch {
            return error.reason
        }
    }

    private func written(_ text: String) throws -> String {
        var out = ByteWriter()
        out.json(try JSONDocument(Array(text.utf8)).root)
        return String(decoding: out.bytes, as: UTF8.self)
    }

    @Test(arguments: [
        ("", JSONFault.Reason.truncated), ("{", .truncated), ("[1,]", .syntax), ("[,1]", .syntax),
        ("{\"a\":1,}", .syntax),
        ("[1 2]", .syntax), ("{\"a\" 1}", .syntax), ("nul", .truncated), ("NaN", .syntax), ("01", .trailing),
        ("1.", .truncated),
        ("\"\\x\"", .syntax), ("\"\u{1}\"", .syntax), ("\"a", .truncated), ("{} {}", .trailing), ("]", .syntax),
        ("[}", .syntax),
        ("{\"a\":1,\"a\":2}", .duplicateMember), ("{\"a\":1,\"\\u0061\":2}", .duplicateMember),
        ("\u{feff}1", .encoding),
    ])
    func refusesWhatIsNotJSON(_ text: String, _ reason: JSONFault.Reason) {
        #expect(fault(text) == reason)
    }

    @Test func findsDuplicatesAmongMany() {
        let names = (0..<40).map { "\"n\($0)\":\($0)" }
        #expect(fault("{\(names.joined(separator: ","))}") == nil)
        #expect(fault("{\((names + ["\"n7\":0"]).joined(separator: ","))}") == .duplicateMember)
    }

    @Test func boundsDepthAndValues() {
        #expect(fault(String(repeating: "[", count: 128) + String(repeating: "]", count: 128)) == nil)
        #expect(fault(String(repeating: "[", count: 129) + String(repeating: "]", count: 129)) == .depth)
        let limits = JSONDocument.Limits(values: 4)
        #expect(fault("[1,2,3]", limits: limits) == nil)
        #expect(fault("[1,2,3,4]", limits: limits) == .tooMany)
        #expect(fault(String(repeating: "[", count: 1_000_000)) == .depth)
    }

    @Test func refusesWhatIsNotUTF8() {
        for bytes: [UInt8] in [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xe6, 0x9d]] {
            #expect(throws: JSONFault.self) { try JSONDocument([0x22] + bytes + [0x22]) }
        }
    }

    @Test func writesNumberedCharactersAsUTF8() throws {
        #expect(try written(#"{"a":"\u6771\ud83d\ude00\u0041\u0022\n"}"#) == #"{"a":"東😀A\"\n"}"#)
        #expect(try written(#"["\ud83d","\ude00x","\ud83d\u0041"]"#) == "[\"\u{fffd}\",\"\u{fffd}x\",\"\u{fffd}A\"]")
        #expect(try written(#"["\\u0041"]"#) == #"["\\u0041"]"#)
    }

    @Test func readsMembersAndNumbers() throws {
        let root = try JSONDocument(Array(#"{"a":[1,{"b":"x\ty"}],"c\u0064":-2,"e":1.5e1,"f":true,"g":null}"#.utf8))
            .root
        #expect(root["a"]?.elements[1]["b"]?.string == "x\ty")
        #expect(root["cd"]?.int == -2)
        #expect(root["e"]?.int == 15)
        #expect(root["f"]?.bool == true)
        #expect(root["g"]?.isNull == true)
        #expect(root["missing"] == nil)
        #expect(root.extras(except: ["a", "cd"]).map(\.name) == ["e", "f", "g"])
    }

    @Test func embedsAValueInAString() throws {
        let text = #"{ "q" : "a \"b\" \\ \n \u6771", "n" : [ 1, 2 ] }"#
        var out = ByteWriter()
        out.jsonText(of: try JSONDocument(Array(text.utf8)).root)
        let inner = try JSONReader.read(out.bytes).string ?? ""
        #expect(inner == #"{"q":"a \"b\" \\ \n 東","n":[1,2]}"#)
    }

    /// Two readers agree on what is JSON and what it means.
    @Test func agreesWithTheStrictReader() throws {
        var random = SeededGenerator(seed: 3)
        let alphabet = Array("{}[]\",:\\u0019eE-. ntrue".utf8)
        let seeds = [#"{"a":[1,-2.5e3,"x\n\u6771é"],"b":{"c":null,"d":[true,false,{}]}}"#, #"[[],[{}],"東京",0]"#]
        var agreed = 0
        for round in 0..<20_000 {
            var bytes = Array(seeds[round % seeds.count].utf8)
            for _ in 0..<Int.random(in: 0...3, using: &random) { bytes = random.damaged(bytes, with: alphabet) }
            let mine = try? JSONDocument(bytes)
            do {
                let value = try JSONReader.read(bytes, depth: 128)
                #expect(mine?.root.value == value)
                agreed += 1
            } catch {
                // Lone surrogates alone are taken here.
                if error.reason != .loneSurrogate { #expect(mine == nil, "\(String(decoding: bytes, as: UTF8.self))") }
            }
        }
        #expect(agreed > 1000)
    }
}
