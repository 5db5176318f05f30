import Foundation
import OstiaryCore
import Testing

@testable import OstiaryModels

struct EchoEmbeddingsTests {
    private func play(_ members: String) -> EchoPlay { EchoPlay("{\"model\":\"echo\",\(members)}", "/v1/embeddings") }

    private func vectors(_ members: String) throws -> [[Double]] {
        let data = try play(members).value()["data"]?.array ?? []
        return data.map { item in
            (item["embedding"]?.array ?? []).compactMap { $0.number?.double }
        }
    }

    private static func number(_ bytes: [UInt8], _ start: Int) -> Float {
        var bits: UInt32 = 0
        for byte in bytes[start..<start + 4].reversed() { bits = bits << 8 | UInt32(byte) }
        return Float(bitPattern: bits)
    }

    @Test func givesUnitVectorsThatDependOnTheInputAlone() throws {
        let vectors = try vectors(#""input":["a","b","a"]"#)
        #expect(vectors.map(\.count) == [256, 256, 256])
        #expect(vectors[0] == vectors[2] && vectors[0] != vectors[1])
        for vector in vectors { #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5) }
        #expect(try self.vectors(#""input":"a""#) == [vectors[0]])
    }

    @Test func bothEncodingsSayTheSame() throws {
        for dimensions in [1, 2, 3, 4, 100] {
            let floats = try vectors(#""input":"a","dimensions":\#(dimensions)"#)[0]
            let value = try play(#""input":"a","encoding_format":"base64","dimensions":\#(dimensions)"#).value()
            let text = try #require(value["data.0.embedding"]?.string)
            let bytes = Array(try #require(Data(base64Encoded: text)))
            #expect(bytes.count == 4 * dimensions)
            let decoded = (0..<dimensions).map { Self.number(bytes, 4 * $0) }
            #expect(decoded == floats.map { Float($0) })
        }
    }

    @Test func spellsTheAnswerAsTheFamilyDoes() throws {
        let value = try play(#""input":[[1,2,3],[4]],"dimensions":1"#).value()
        #expect(value.object?.members.map(\.name) == ["object", "data", "model", "usage"])
        #expect(value["usage"]?.written == #"{"prompt_tokens":4,"total_tokens":4}"#)
        #expect(value["data.1.index"]?.int == 1)
    }

    @Test(arguments: [
        (#""x":1"#, "input"), (#""input":"""#, "input"), (#""input":["a",""]"#, "input"), (#""input":[]"#, "input"),
        (#""input":"a","dimensions":0"#, "dimensions"), (#""input":"a","dimensions":4000"#, "dimensions"),
        (#""input":"a","encoding_format":"hex""#, "encoding_format"),
    ])
    func refusesBadInput(_ members: String, _ parameter: String) throws {
        #expect(play(members).whole?.status == 400)
        #expect(try play(members).value()["error.param"]?.string == parameter)
    }

    @Test func keepsAnswersBounded() throws {
        let many = #""input":[\#(Array(repeating: "\"a\"", count: 2048).joined(separator: ","))],"dimensions":3072"#
        #expect(try play(many).value()["error.param"]?.string == "input")
    }
}
