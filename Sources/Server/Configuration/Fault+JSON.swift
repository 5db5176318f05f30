public import OstiaryCore

extension Configuration.Fault {
    /// `{"file": …, "line": …, "column": …}`, or `{"variable": …}`, or `{"flag": …}`, with `message` and `hint`.
    public var json: JSONValue {
        var members: [JSONObject.Member] = []
        switch place {
        case .file(let name, let line, let column):
            members = [
                .init(name: "file", value: .string(name)), .init(name: "line", value: .integer(line)),
                .init(name: "column", value: .integer(column)),
            ]
        case .variable(let name): members = [.init(name: "variable", value: .string(name))]
        case .flag(let name): members = [.init(name: "flag", value: .string(name))]
        case .nowhere: break
        }
        members.append(.init(name: "message", value: .string(message)))
        members.append(.init(name: "hint", value: hint.map(JSONValue.string) ?? .null))
        return .object(JSONObject(members: members))
    }

    /// Reads what `json` writes; `nil` for anything else.
    public init?(_ json: JSONValue) {
        guard let object = json.object, let message = object["message"]?.string else { return nil }
        let place: Configuration.Place
        if let file = object["file"]?.string {
            guard let line = object["line"]?.number?.int, let column = object["column"]?.number?.int else { return nil }
            place = .file(file, line: line, column: column)
        } else if let name = object["variable"]?.string {
            place = .variable(name)
        } else if let name = object["flag"]?.string {
            place = .flag(name)
        } else {
            place = .nowhere
        }
        self.init(place: place, message: message, hint: object["hint"]?.string)
    }
}
