import OstiaryCore

extension Shape {
    /// As a JSON Schema (draft 2020-12), which OpenAPI 3.1 uses.
    var schema: JSONValue {
        func type(_ name: String, _ more: (name: String, value: JSONValue)...) -> JSONValue {
            .object(
                JSONObject(
                    members: [.init(name: "type", value: .string(name))]
                        + more.map { .init(name: $0.name, value: $0.value) }
                )
            )
        }
        switch self {
        case .text(let least, let most):
            return type("string", ("minLength", .integer(least)), ("maxLength", .integer(most)))
        case .word(let words): return type("string", ("enum", .array(words.map(JSONValue.string))))
        case .secret:
            return type(
                "string",
                ("minLength", .integer(1)),
                ("maxLength", .integer(8192)),
                ("pattern", .string("^[!-~]([ -~]*[!-~])?$")),
                ("format", .string("password"))
            )
        case .whole(let range):
            return type("integer", ("minimum", .integer(range.lowerBound)), ("maximum", .integer(range.upperBound)))
        case .number: return type("number")
        case .truth: return type("boolean")
        case .null: return type("null")
        case .object(let members):
            let required = members.filter(\.isRequired).map { JSONValue.string($0.name) }
            return type(
                "object",
                ("properties", .object(JSONObject(members: members.map { .init(name: $0.name, value: $0.schema) }))),
                ("required", .array(required)),
                ("additionalProperties", .bool(false))
            )
        case .map(let shape): return type("object", ("additionalProperties", shape.schema))
        case .list(let shape): return type("array", ("items", shape.schema))
        case .either(let shapes): return .members(("anyOf", .array(shapes.map(\.schema))))
        case .anything: return .members()
        }
    }
}

extension Shape.Member {
    fileprivate var schema: JSONValue {
        guard let object = shape.schema.object else { return shape.schema }
        return .object(
            JSONObject(members: object.members + [.init(name: "description", value: .string(help))])
        )
    }
}
