import OstiaryCore
import OstiaryWire

/// What a request at the token endpoint says, each parameter once (RFC 6749 section 3.2).
enum TokenRequestBody {
    enum Form {
        case json, form
    }

    /// By `Content-Type`.
    /// - Throws: `unsupported_media_type` for anything but JSON and forms, and for a body in a coding.
    static func form(of head: RequestHead) throws(GateError) -> Form {
        let isForm = head.withValue(.contentType) { value in
            let type = "application/x-www-form-urlencoded".utf8
            guard value.count >= type.count, value.count == type.count || value[type.count] == UInt8(ascii: ";") else {
                return false
            }
            return zip(0..<type.count, type).allSatisfy { value[$0] | 0x20 == $1 | 0x20 }
        }
        if isForm == true, !head.has(.contentEncoding) { return .form }
        try MediaType.check(head)
        return .json
    }

    /// - Throws: `invalid_request`.
    static func members(_ bytes: [UInt8], _ form: Form) throws(GateError) -> [String: String] {
        switch form {
        case .json: try json(bytes)
        case .form: try urlencoded(bytes)
        }
    }

    private static func json(_ bytes: [UInt8]) throws(GateError) -> [String: String] {
        guard let object = try? JSONReader.read(bytes.span).object else { throw refusal("the body is no JSON object") }
        var members: [String: String] = [:]
        for member in object.members {
            // What a client leaves out may be there as null.
            if case .null = member.value { continue }
            guard let text = member.value.string else { throw refusal("a parameter is not text") }
            members[member.name] = text
        }
        return members
    }

    private static func urlencoded(_ bytes: [UInt8]) throws(GateError) -> [String: String] {
        var members: [String: String] = [:]
        for pair in bytes.split(separator: UInt8(ascii: "&")) {
            let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            let rest = equals == pair.endIndex ? pair[equals...] : pair[(equals + 1)...]
            guard let name = decoded(pair[..<equals]), let value = decoded(rest) else {
                throw refusal("the form is malformed")
            }
            guard members.updateValue(value, forKey: name) == nil else { throw refusal("a parameter is there twice") }
        }
        return members
    }

    /// Undoes the form's spelling (WHATWG URL section 5.1), strictly: every `%` has two digits, and what comes out is
    /// UTF-8.
    private static func decoded(_ bytes: ArraySlice<UInt8>) -> String? {
        var out: [UInt8] = []
        var index = bytes.startIndex
        while index < bytes.endIndex {
            switch bytes[index] {
            case UInt8(ascii: "+"): out.append(0x20)
            case UInt8(ascii: "%"):
                guard bytes.endIndex - index > 2, let byte = Hex.decode(Array(bytes[index + 1...index + 2]))?.first
                else {
                    return nil
                }
                out.append(byte)
                index += 2
            case let byte: out.append(byte)
            }
            index += 1
        }
        return String(validating: out, as: UTF8.self)
    }

    private static func refusal(_ detail: String) -> GateError {
        GateError(.invalidRequest, cause: "token_request", detail: detail)
    }
}
