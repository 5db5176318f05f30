import OstiaryCore

/// Where in a token, or in what is known besides it, a rule looks: `.`, `.name.name…` or `$.name…`.
struct NucSelector: Sendable {
    /// Where the path begins.
    enum Root: Sendable {
        case token
        /// What the caller of the check knows, an entry by name.
        case context
    }

    let root: Root
    let path: [String]

    /// `nil` for any other form; names are of `A-Z a-z 0-9 _ -`.
    init?(_ text: String) {
        var bytes = Array(text.utf8)[...]
        root = bytes.first == UInt8(ascii: "$") ? .context : .token
        if root == .context { bytes = bytes.dropFirst() }
        guard bytes.first == UInt8(ascii: ".") else { return nil }
        guard bytes.count > 1 else {
            guard root == .token else { return nil }
            path = []
            return
        }
        let labels = bytes.dropFirst().split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard labels.allSatisfy({ !$0.isEmpty && $0.allSatisfy(Self.isLabel) }) else { return nil }
        path = labels.map { String(decoding: $0, as: UTF8.self) }
    }

    /// What is there; `null` for a step that is missing, or into anything but an object.
    func value(token: JSONObject, context: JSONObject) -> JSONValue {
        var value = JSONValue.object(root == .token ? token : context)
        for label in path {
            guard let next = value.object?[label] else { return .null }
            value = next
        }
        return value
    }

    private static func isLabel(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
