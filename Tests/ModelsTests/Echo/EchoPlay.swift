import OstiaryCore
import Testing

@testable import OstiaryModels

/// An answer of the built-in model as a client would see it.
struct EchoPlay {
    let script: EchoScript

    init(_ body: String, _ path: String = "/v1/chat/completions") {
        script = EchoModel.answer(
            path: path,
            body: Array(body.utf8).span,
            now: UnixTime(seconds: 1_800_000_000.5),
            id: RequestID(high: 1, low: 0xab)
        )
    }

    /// The name all answers of these tests have behind their prefix.
    static let name = "000000000000000100000000000000ab"

    var whole: EchoScript.Whole? { if case .whole(let whole) = script.answer { whole } else { nil } }
    var stream: EchoScript.Stream? { if case .stream(let stream) = script.answer { stream } else { nil } }

    func value() throws -> JSONValue { try JSONReader.read(#require(whole).body) }

    /// The `data:` of all frames, each of which must be one whole event.
    func data() throws -> [String] {
        try #require(stream).frames.map { frame in
            let text = String(decoding: frame, as: UTF8.self)
            #expect(text.hasSuffix("\n\n"))
            let lines = text.dropLast(2).split(separator: "\n", omittingEmptySubsequences: false)
            let data = try #require(lines.last)
            #expect(data.hasPrefix("data: "))
            return String(data.dropFirst(6))
        }
    }

    /// The documents of all frames but `[DONE]`.
    func documents() throws -> [JSONValue] {
        try data().filter { $0 != "[DONE]" }.map { try JSONReader.read(Array($0.utf8)) }
    }
}

extension JSONValue {
    /// The value behind names and positions like `choices.0.message`.
    subscript(_ path: String) -> JSONValue? {
        path.split(separator: ".").reduce(Optional(self)) { value, step in
            guard let position = Int(step) else { return value?.object?[String(step)] }
            return value?.array.flatMap { $0.indices.contains(position) ? $0[position] : nil }
        }
    }

    var int: Int? { number?.int }
    var written: String { String(decoding: JSONWriter.write(self), as: UTF8.self) }
}
