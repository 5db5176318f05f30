import OstiaryCore

/// What a guardian is told besides the arguments on its command line, as one message. Secrets are not in it: they come
/// beside it, as descriptors of memory.
struct GuardianOrder: Hashable {
    struct Lent: Hashable {
        var name: String
        var way: ChildSecret.Way
    }

    var executable: String
    var environment: [String: String] = [:]
    var folder: String?
    /// The descriptors that come with the message: so many for the child's first ones, and then one of each of `secrets`.
    var streams = 3
    var secrets: [Lent] = []
    /// Whether the child's group becomes the foreground of the terminal behind its standard input.
    var takesTerminal = false
    var grace = 5.0
    var descriptors: Int?
    var processes: Int?
    var addressSpace: Int?

    func encoded() -> [UInt8] {
        func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
        func number(_ value: Int?) -> JSONValue { value.map { .number(JSONNumber(text: "\($0)")) } ?? .null }
        func object(_ members: [(String, JSONValue)]) -> JSONValue {
            .object(JSONObject(members: members.map { .init(name: $0.0, value: $0.1) }))
        }
        let variables = environment.sorted { $0.key < $1.key }.map { ($0.key, JSONValue.string($0.value)) }
        return JSONWriter.write(
            object([
                ("executable", .string(executable)), ("environment", object(variables)), ("folder", text(folder)),
                ("streams", number(streams)),
                ("secrets", .array(secrets.map { .array([.string($0.name), .string($0.way.rawValue)]) })),
                ("takesTerminal", .bool(takesTerminal)), ("grace", number(Int(grace * 1000))),
                ("descriptors", number(descriptors)), ("processes", number(processes)),
                ("addressSpace", number(addressSpace)),
            ])
        )
    }

    /// - Returns: `nil` for what is no order.
    init?(_ bytes: [UInt8]) {
        guard let root = try? JSONReader.read(bytes), let order = root.object else { return nil }
        func number(_ name: String) -> Int? { order[name]?.number.flatMap { Int($0.text) } }
        guard let executable = order["executable"]?.string, let variables = order["environment"]?.object,
            let lent = order["secrets"]?.array, let streams = number("streams"), let grace = number("grace")
        else { return nil }
        self.executable = executable
        for member in variables.members {
            guard let value = member.value.string else { return nil }
            environment[member.name] = value
        }
        for pair in lent {
            guard let pair = pair.array, pair.count == 2, let name = pair[0].string,
                let way = pair[1].string.flatMap(ChildSecret.Way.init)
            else { return nil }
            secrets.append(Lent(name: name, way: way))
        }
        folder = order["folder"]?.string
        self.streams = streams
        takesTerminal = order["takesTerminal"]?.bool ?? false
        self.grace = Double(grace) / 1000
        descriptors = number("descriptors")
        processes = number("processes")
        addressSpace = number("addressSpace")
    }

    init(executable: String) {
        self.executable = executable
    }
}
