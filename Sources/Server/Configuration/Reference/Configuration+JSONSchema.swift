public import OstiaryCore

extension Configuration {
    /// The schema as JSON Schema, draft 2020-12, for editors.
    public static var jsonSchema: JSONValue {
        let body = object(schema.described(Configuration()), isRoot: true)
        let head: [JSONObject.Member] = [
            .init("$schema", "https://json-schema.org/draft/2020-12/schema"),
            .init("title", "Ostiary configuration"),
        ]
        return .object(JSONObject(members: head + body))
    }

    private static func object(_ fields: [Description], isRoot: Bool = false) -> [JSONObject.Member] {
        let properties = fields.map { field in
            JSONObject.Member(field.about.name, .object(JSONObject(members: describe(field))))
        }
        let required = fields.filter { $0.about.isRequired && $0.about.environment == nil }.map(\.about.name)
        return [
            .init("type", isRoot ? .string("object") : .array([.string("object"), .string("null")])),
            .init("properties", .object(JSONObject(members: properties))),
            .init("additionalProperties", .bool(false)),
        ] + (required.isEmpty ? [] : [.init("required", .array(required.map(JSONValue.string)))])
    }

    private static func describe(_ field: Description) -> [JSONObject.Member] {
        var members: [JSONObject.Member] = [.init("description", field.about.help)]
        switch field.content {
        case .value(_, let schema):
            members += schema
            if let shown = field.shown {
                let isInteger = schema.contains(JSONObject.Member("type", "integer"))
                members.append(
                    isInteger
                        ? .init("default", .number(JSONNumber(text: shown)))
                        : .init("default", shown)
                )
            }
            if let example = field.about.example { members.append(.init("examples", .array([.string(example)]))) }
        case .list(_, let schema, let most, let isUnique):
            members += [
                .init("type", "array"),
                .init("items", .object(JSONObject(members: schema))),
                .init("maxItems", most),
            ]
            if isUnique { members.append(.init("uniqueItems", .bool(true))) }
        case .either(_, let schema, let fields, let most):
            let either = JSONValue.array(
                [schema, object(fields)].map { .object(JSONObject(members: $0)) }
            )
            if let most {
                members += [
                    .init("type", "array"),
                    .init("items", .object(JSONObject(members: [.init("anyOf", either)]))),
                    .init("maxItems", most),
                ]
            } else {
                members.append(.init("anyOf", either))
                if let example = field.about.example { members.append(.init("examples", .array([.string(example)]))) }
            }
        case .section(let fields):
            members += object(fields)
        case .entries(let fields, let most):
            members += [
                .init("type", "array"),
                .init("items", .object(JSONObject(members: object(fields)))),
                .init("maxItems", most),
            ]
        case .table(_, let pattern, let fields, let most):
            members += [
                .init("type", .array([.string("object"), .string("null")])),
                .init("additionalProperties", .object(JSONObject(members: object(fields)))),
                .init("maxProperties", most),
            ]
            if let pattern {
                let names = JSONObject(members: [.init("pattern", pattern)])
                members.append(.init("propertyNames", .object(names)))
            }
        }
        return members
    }
}
