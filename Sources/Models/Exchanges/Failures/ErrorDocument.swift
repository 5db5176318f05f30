import OstiaryCore

/// A provider's error in JSON, cleaned and cut so that client libraries still find in it what they look for.
///
/// A document that needs nothing done to it passes as it is. One that is too long keeps its message, cut, and its type,
/// code and parameter, in the words of the client's API.
enum ErrorDocument {
    /// Bytes of an error that go to a client.
    static let limit = 2 * 1024
    /// Bytes of a message that had to be cut out of a longer document.
    private static let messageLimit = 1536
    private static let wordLimit = 128

    /// Members whose values are stack traces by their name, in lower case.
    private static let traces: Set<String> = [
        "stack", "stacktrace", "stack_trace", "traceback", "trace", "backtrace", "exception_trace",
    ]

    /// What of the document goes to a client; `nil` when it is no JSON that can be read in one way only.
    static func cleaned(_ bytes: [UInt8], status: Int, for family: APIFamily) -> [UInt8]? {
        guard let value = try? JSONReader.read(bytes) else { return nil }
        var isChanged = false
        let clean = clean(value, &isChanged)
        let document = isChanged ? JSONWriter.write(clean) : bytes
        return document.count <= limit ? document : essence(of: clean, status: status, for: family)
    }

    /// An error in the gate's words, for a body that nobody may or can read.
    static func unsaid(status: Int, for family: APIFamily) -> [UInt8] {
        ErrorBody.bytes(
            message: "The provider answered with status \(status)",
            status: status,
            for: family,
            code: "upstream_error"
        )
    }

    private static func clean(_ value: JSONValue, _ isChanged: inout Bool) -> JSONValue {
        switch value {
        case .null, .bool, .number: return value
        case .string(let text):
            guard let clean = ForeignText.cleaned(Array(text.utf8)) else { return value }
            isChanged = true
            return .string(String(decoding: clean, as: UTF8.self))
        case .array(let elements):
            return .array(elements.map { clean($0, &isChanged) })
        case .object(let object):
            let members = object.members.map { member in
                let isTrace = traces.contains(member.name.lowercased())
                switch member.value {
                case .string, .array, .object:
                    guard isTrace else { break }
                    isChanged = true
                    return JSONObject.Member(name: member.name, value: .string(ForeignText.traceRemoved))
                case .null, .bool, .number: break
                }
                return JSONObject.Member(name: member.name, value: clean(member.value, &isChanged))
            }
            return .object(JSONObject(members: members))
        }
    }

    /// The message and the words for programs of a document that is too long.
    private static func essence(of value: JSONValue, status: Int, for family: APIFamily) -> [UInt8] {
        let error = value.object?["error"]?.object ?? value.object
        let message = error?["message"]?.string ?? error?["detail"]?.string ?? value.object?["error"]?.string
        guard let message else { return unsaid(status: status, for: family) }
        func word(_ name: String) -> String? {
            error?[name]?.string.flatMap { $0.utf8.count <= wordLimit ? $0 : nil }
        }
        return ErrorBody.bytes(
            message: cut(message),
            status: status,
            for: family,
            type: word("type"),
            code: word("code"),
            parameter: word("param")
        )
    }

    /// The beginning of a message, so long that it does not grow beyond the limit when it is written.
    private static func cut(_ message: String) -> String {
        var count = 0
        var end = message.unicodeScalars.startIndex
        for scalar in message.unicodeScalars {
            count += scalar.value < 0x20 ? 6 : scalar == "\"" || scalar == "\\" ? 2 : UTF8.width(scalar)
            guard count <= messageLimit else { break }
            end = message.unicodeScalars.index(after: end)
        }
        return String(message.unicodeScalars[..<end])
    }
}
