import OstiaryCore

/// The smallest value that a JSON Schema allows, as far as model clients use schemas: `type`, `properties`,
/// `required`, `enum`, `const`, `items`, `minItems`, `minLength`, `minimum`, `anyOf`, `oneOf`, `allOf` and local
/// `$ref`.
enum SchemaExample {
    /// How deep a value may get; schemas can refer to themselves.
    private static let deepest = 16
    /// The most elements, characters and members that a schema can ask for.
    private static let most = 64

    static func smallest(_ schema: JSONValue) -> JSONValue {
        // A budget, because two required members that refer to their own schema double the value with every level.
        var budget = 1024
        return value(schema, root: schema, depth: deepest, &budget)
    }

    private static func value(_ schema: JSONValue, root: JSONValue, depth: Int, _ budget: inout Int) -> JSONValue {
        budget -= 1
        guard depth > 0, budget > 0, let members = schema.object else { return .null }
        if let constant = members["const"] { return constant }
        if let first = members["enum"]?.array?.first { return first }
        if let reference = members["$ref"]?.string {
            return value(target(reference, in: root) ?? .null, root: root, depth: depth - 1, &budget)
        }
        for name in ["anyOf", "oneOf", "allOf"] {
            if let first = members[name]?.array?.first {
                return value(first, root: root, depth: depth - 1, &budget)
            }
        }
        switch members["type"]?.string ?? members["type"]?.array?.first?.string ?? "object" {
        case "object":
            var found: [JSONObject.Member] = []
            let required = members["required"]?.array?.compactMap(\.string) ?? []
            for name in required.prefix(most) where !found.contains(where: { $0.name == name }) {
                let schema = members["properties"]?.object?[name] ?? .members()
                found.append(.init(name: name, value: value(schema, root: root, depth: depth - 1, &budget)))
            }
            return .object(JSONObject(members: found))
        case "array":
            let count = min(max(members["minItems"]?.number?.int ?? 0, 0), most)
            var items: [JSONValue] = []
            for _ in 0..<count {
                items.append(value(members["items"] ?? .members(), root: root, depth: depth - 1, &budget))
            }
            return .array(items)
        case "string":
            return .string(String(repeating: "x", count: min(max(members["minLength"]?.number?.int ?? 0, 0), most)))
        case "integer", "number":
            guard let least = members["minimum"]?.number, let number = least.double, number > 0 else {
                return .integer(0)
            }
            return .number(least)
        case "boolean": return .bool(false)
        default: return .null
        }
    }

    /// What a pointer into the document (`#/$defs/name`) points at.
    private static func target(_ reference: String, in root: JSONValue) -> JSONValue? {
        guard reference.utf8.first == UInt8(ascii: "#") else { return nil }
        var place = root
        for step in reference.split(separator: "/").dropFirst().prefix(most) {
            guard let next = place.object?[String(step)] else { return nil }
            place = next
        }
        return place
    }
}
