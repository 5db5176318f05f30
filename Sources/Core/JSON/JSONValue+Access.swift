extension JSONValue {
    /// The object, or `nil` for any other value.
    public var object: JSONObject? {
        if case .object(let object) = self { object } else { nil }
    }

    /// The elements, or `nil` for anything but an array.
    public var array: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The string, or `nil` for any other value.
    public var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The number, or `nil` for any other value.
    public var number: JSONNumber? {
        if case .number(let number) = self { number } else { nil }
    }

    /// The truth value, or `nil` for any other value.
    public var bool: Bool? {
        if case .bool(let bool) = self { bool } else { nil }
    }
}
