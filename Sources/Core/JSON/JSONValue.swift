/// A JSON value (RFC 8259) as the strict reader returns it: members in their order, names unique, numbers by their
/// own spelling so that nothing is lost.
public enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)
}

/// A number as it was written (RFC 8259 section 6).
public struct JSONNumber: Hashable, Sendable {
    public let text: String

    public init(text: String) {
        self.text = text
    }
}

/// An object's members in the order of the document.
public struct JSONObject: Hashable, Sendable {
    public struct Member: Hashable, Sendable {
        public let name: String
        public let value: JSONValue

        public init(name: String, value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    public let members: [Member]

    public init(members: [Member]) {
        self.members = members
    }

    /// The member's value, or `nil` when there is none of this name (compared by bytes).
    public subscript(_ name: String) -> JSONValue? {
        members.first { $0.name.hasSameBytes(as: name) }?.value
    }
}
