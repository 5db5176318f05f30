import OstiaryCore

/// The admin door's calls as an OpenAPI 3.1 document, made from the table that the door itself goes by.
enum OpenAPIDocument {
    static let json: JSONValue = .members(
        ("openapi", .string("3.1.0")),
        (
            "info",
            .members(
                ("title", .string("Ostiary admin door")),
                ("version", .string(Version.current)),
                (
                    "description",
                    .string("The credentials daemon and the gate's own numbers. Loopback and a socket file only.")
                ),
                ("license", .members(("name", .string("Apache-2.0")), ("identifier", .string("Apache-2.0"))))
            )
        ),
        ("servers", .array([.members(("url", .string("http://127.0.0.1:8123")))])),
        ("paths", paths),
        (
            "components",
            .members(
                ("schemas", .members(("Error", AdminError.shape.schema))),
                (
                    "securitySchemes",
                    .members(("token", .members(("type", .string("http")), ("scheme", .string("bearer")))))
                )
            )
        )
    )

    static let bytes = JSONWriter.write(json)

    /// What may go wrong at every call.
    private static let everywhere: [AdminProblem] = [
        .invalidRequest, .foreignHost, .foreignOrigin, .requestTimeout, .internalError, .shuttingDown,
    ]

    private static var paths: JSONValue {
        let shown = AdminRoutes.all.filter { !$0.isAlias }
        var order: [String] = []
        for route in shown where !order.contains(route.path) { order.append(route.path) }
        return .object(
            JSONObject(
                members: order.map { path in
                    let operations = shown.filter { $0.path == path }.map { route in
                        JSONObject.Member(name: route.method.rawValue.lowercased(), value: operation(route))
                    }
                    return .init(name: path, value: .object(JSONObject(members: operations)))
                }
            )
        )
    }

    private static func operation(_ route: AdminRoute) -> JSONValue {
        var members: [JSONObject.Member] = [
            .init(name: "operationId", value: .string(name(route))),
            .init(name: "summary", value: .string(route.summary)),
            .init(name: "security", value: .array(route.access == .anybody ? [] : [.members(("token", .array([])))])),
        ]
        let parameters = parameters(route)
        if !parameters.isEmpty { members.append(.init(name: "parameters", value: .array(parameters))) }
        if let body = route.body {
            members.append(
                .init(
                    name: "requestBody",
                    value: .members(
                        ("required", .bool(!route.isBodyOptional)),
                        ("content", .members(("application/json", .members(("schema", body.schema)))))
                    )
                )
            )
        }
        members.append(.init(name: "responses", value: responses(route)))
        return .object(JSONObject(members: members))
    }

    /// `get_credentials_id` for `GET /credentials/{id}`.
    private static func name(_ route: AdminRoute) -> String {
        let letters = route.path.map { $0.isLetter || $0.isNumber ? $0 : "_" }
        return route.method.rawValue.lowercased() + "_"
            + String(letters).split(separator: "_").joined(separator: "_")
    }

    private static func parameters(_ route: AdminRoute) -> [JSONValue] {
        let path = route.parts.filter { $0.utf8.first == UInt8(ascii: "{") }.map { part in
            JSONValue.members(
                ("name", .string(String(part.dropFirst().dropLast()))),
                ("in", .string("path")),
                ("required", .bool(true)),
                (
                    "schema",
                    .members(("type", .string("string")), ("pattern", .string("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")))
                )
            )
        }
        let query = route.query.map { parameter in
            JSONValue.members(
                ("name", .string(parameter.name)),
                ("in", .string("query")),
                ("description", .string(parameter.help)),
                ("required", .bool(false)),
                (
                    "schema",
                    (parameter.values.isEmpty ? Shape.text(least: 1, most: 128) : .word(parameter.values)).schema
                )
            )
        }
        return path + query
    }

    private static func responses(_ route: AdminRoute) -> JSONValue {
        var problems = everywhere + route.problems
        if route.access != .anybody { problems += [.unauthorized, .tooManyFailures] }
        if route.body != nil { problems += [.bodyTooLarge, .unsupportedMediaType, .invalidBody] }
        let statuses = Set(route.successes.map(\.status) + problems.map(\.status)).sorted()
        return .object(
            JSONObject(
                members: statuses.map { status in
                    .init(
                        name: "\(status)",
                        value: response(
                            route.successes.filter { $0.status == status },
                            problems.filter { $0.status == status }
                        )
                    )
                }
            )
        )
    }

    private static func response(_ successes: [AdminRoute.Success], _ problems: [AdminProblem]) -> JSONValue {
        let error = JSONValue.members(("$ref", .string("#/components/schemas/Error")))
        let shapes = successes.compactMap(\.shape).map(\.schema) + (problems.isEmpty ? [] : [error])
        let texts = successes.map(\.help) + problems.map { "`\($0.entry.code)`: \($0.entry.sentence)" }
        let type = successes.first?.contentType ?? "application/json"
        let schema: JSONValue =
            switch shapes.count {
            case 0: .members(("type", .string("string")))
            case 1: shapes[0]
            default: .members(("anyOf", .array(shapes)))
            }
        return .members(
            ("description", .string(texts.joined(separator: "; "))),
            ("content", .members((type, .members(("schema", schema)))))
        )
    }
}
