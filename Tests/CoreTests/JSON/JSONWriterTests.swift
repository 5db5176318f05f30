import OstiaryCore
import Testing

@Suite struct JSONWriterTests {
    func text(_ value: JSONValue) -> String { String(decoding: JSONWriter.write(value), as: UTF8.self) }

    @Test func writesTheShortestForm() {
        let value = JSONValue.members(
            ("b", .integer(-7)),
            ("a", .array([.null, .bool(true), .bool(false), .number(JSONNumber(text: "1.50"))])),
            ("", .members())
        )
        #expect(text(value) == #"{"b":-7,"a":[null,true,false,1.50],"":{}}"#)
    }

    @Test func escapesWhatCouldEndAStringOrDriveATerminal() {
        #expect(
            text(.string("\"\\\n\r\t\u{8}\u{c}\u{1b}\0\u{7f}/é\u{1F600}")) == #""\"\\\n\r\t\b\f\u001b\u0000\u007f/é😀""#
        )
    }

    /// A small deterministic generator, so that a failure can be repeated.
    struct Steps: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 29
        }
    }

    func value(_ steps: inout Steps, depth: Int) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &steps) {
        case 0: return .null
        case 1: return .bool(.random(using: &steps))
        case 2: return .integer(.random(in: .min ... .max, using: &steps))
        case 3, 4:
            let scalars = (0..<Int.random(in: 0..<30, using: &steps)).map { _ in
                Unicode.Scalar(UInt32.random(in: 0..<0x11_0000, using: &steps) & ~0x800) ?? "x"
            }
            return .string(String(String.UnicodeScalarView(scalars)))
        case 5:
            let count = Int.random(in: 0..<6, using: &steps)
            return .array((0..<count).map { _ in value(&steps, depth: depth - 1) })
        default:
            let count = Int.random(in: 0..<12, using: &steps)
            let members = (0..<count).map {
                JSONObject.Member(name: "k\($0)\n", value: value(&steps, depth: depth - 1))
            }
            return .object(JSONObject(members: members))
        }
    }

    @Test func whatIsWrittenReadsBackTheSame() throws {
        var steps = Steps(state: 42)
        for _ in 0..<500 {
            let original = value(&steps, depth: 5)
            #expect(try JSONReader.read(JSONWriter.write(original)) == original)
        }
    }

    // SEC-001
    @Test func damagedDocumentsNeverTrap() {
        var steps = Steps(state: 7)
        for _ in 0..<2000 {
            var bytes = JSONWriter.write(value(&steps, depth: 4))
            for _ in 0..<3 {
                guard let place = bytes.indices.randomElement(using: &steps) else { break }
                if .random(using: &steps) {
                    bytes[place] = .random(in: 0...255, using: &steps)
                } else {
                    bytes.remove(at: place)
                }
            }
            guard let again = try? JSONReader.read(bytes) else { continue }
            #expect((try? JSONReader.read(JSONWriter.write(again))) == again)
        }
    }
}
