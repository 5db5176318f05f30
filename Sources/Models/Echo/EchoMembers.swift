import OstiaryCore

/// The members of a request's object, with the faults of its API family. A member that is null counts as absent.
struct EchoMembers {
    private let object: JSONObject
    /// Where the object lies in the request, with a dot at the end; empty for the request itself.
    private let place: String

    init(_ object: JSONObject, at place: String = "") {
        self.object = object
        self.place = place.isEmpty ? "" : "\(place)."
    }

    subscript(_ name: String) -> JSONValue? {
        let value = object[name]
        return value == .null ? nil : value
    }

    func path(_ name: String) -> String { "\(place)\(name)" }

    func text(_ name: String) throws(EchoFault) -> String? {
        guard let value = self[name] else { return nil }
        guard let text = value.string else { throw .type(path(name), "a string") }
        return text
    }

    func requiredText(_ name: String) throws(EchoFault) -> String {
        guard let text = try text(name) else { throw .missing(path(name)) }
        return text
    }

    func flag(_ name: String) throws(EchoFault) -> Bool {
        guard let value = self[name] else { return false }
        guard let flag = value.bool else { throw .type(path(name), "a boolean") }
        return flag
    }

    func integer(_ name: String, in range: ClosedRange<Int>) throws(EchoFault) -> Int? {
        guard let value = self[name] else { return nil }
        guard let number = value.number?.int else { throw .type(path(name), "an integer") }
        guard range.contains(number) else {
            throw .value(path(name), "an integer between \(range.lowerBound) and \(range.upperBound)")
        }
        return number
    }

    func list(_ name: String) throws(EchoFault) -> [JSONValue]? {
        guard let value = self[name] else { return nil }
        guard let list = value.array else { throw .type(path(name), "an array") }
        return list
    }

    func members(_ name: String) throws(EchoFault) -> EchoMembers? {
        guard let value = self[name] else { return nil }
        guard let object = value.object else { throw .type(path(name), "an object") }
        return EchoMembers(object, at: path(name))
    }

    /// The objects of a list.
    func objects(_ name: String) throws(EchoFault) -> [EchoMembers]? {
        guard let list = try list(name) else { return nil }
        var objects: [EchoMembers] = []
        for (position, value) in list.enumerated() {
            guard let object = value.object else { throw .type("\(path(name))[\(position)]", "an object") }
            objects.append(EchoMembers(object, at: "\(path(name))[\(position)]"))
        }
        return objects
    }
}
