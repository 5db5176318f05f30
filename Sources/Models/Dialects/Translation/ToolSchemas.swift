import OstiaryCore

/// The words of JSON Schema that some providers refuse in tools (R7).
enum ToolSchemas {
    private static let refused: Set<String> = [
        "$schema", "$id", "$comment", "default", "examples", "format", "exclusiveMinimum", "exclusiveMaximum",
        "minLength", "maxLength", "propertyNames", "patternProperties", "const", "additionalProperties",
    ]

    /// Writes a tool's schema by the rules of its provider.
    static func write(_ schema: JSONSlice?, _ rules: DialectProfile.SchemaRules, to out: inout ByteWriter) {
        guard let schema, schema.kind == .object else {
            out.writeStaticString(#"{"type":"object","properties":{}}"#)
            return
        }
        guard rules != .openai else { return out.json(schema) }
        out.json(tidied(schema.value, isTop: true))
    }

    private static func tidied(_ schema: JSONValue, isTop: Bool) -> JSONValue {
        guard let object = schema.object else { return schema }
        var members: [JSONObject.Member] = []
        for member in object.members where !refused.contains(member.name) {
            switch member.name {
            case "anyOf", "oneOf", "allOf":
                if isTop { continue }
                let choices = (member.value.array ?? []).map { tidied($0, isTop: false) }
                members.append(.init(name: member.name, value: .array(choices)))
            case "properties", "$defs", "definitions":
                let below = (member.value.object?.members ?? []).map {
                    JSONObject.Member(name: $0.name, value: tidied($0.value, isTop: false))
                }
                members.append(.init(name: member.name, value: .object(JSONObject(members: below))))
            case "items":
                members.append(.init(name: "items", value: tidied(member.value, isTop: false)))
            default: members.append(member)
            }
        }
        if let value = object["const"] {
            members.append(.init(name: "enum", value: .array([value])))
        }
        return .object(JSONObject(members: isTop ? filled(members) : members))
    }

    /// An object without a property gets one that nobody has to give.
    private static func filled(_ members: [JSONObject.Member]) -> [JSONObject.Member] {
        let properties = members.first { $0.name == "properties" }?.value.object?.members ?? []
        guard properties.isEmpty else { return members }
        let dummy = JSONValue.members(("unused", .members(("type", .string("string")))))
        return members.filter { !["properties", "type", "required"].contains($0.name) } + [
            .init(name: "type", value: .string("object")), .init(name: "properties", value: dummy),
        ]
    }
}
