import OstiaryCore

/// One rule of a delegation's policy: what the invocation at the end of the chain has to be like.
indirect enum NucRule: Sendable {
    case equal(NucSelector, JSONValue)
    case notEqual(NucSelector, JSONValue)
    case anyOf(NucSelector, [JSONValue])
    case all([NucRule])
    case any([NucRule])
    case not(NucRule)

    /// The most rules, elements of `and` and `or`, and values of `anyOf`.
    static let widest = 10
    /// The deepest nesting; an operator has depth 1, and each `and`, `or` and `not` adds 1.
    static let deepest = 5

    /// Reads a rule as it stands in JSON; `nil` for any other form, elements too many among it.
    init?(_ value: JSONValue) {
        guard let parts = value.array, let name = parts.first?.string else { return nil }
        switch name {
        case "==", "!=", "anyOf":
            guard parts.count == 3, let selector = parts[1].string.flatMap(NucSelector.init) else { return nil }
            switch name {
            case "==": self = .equal(selector, parts[2])
            case "!=": self = .notEqual(selector, parts[2])
            default:
                guard let values = parts[2].array else { return nil }
                self = .anyOf(selector, values)
            }
        case "and", "or":
            guard parts.count == 2, let rules = parts[1].array.flatMap(Self.rules) else { return nil }
            self = name == "and" ? .all(rules) : .any(rules)
        case "not":
            guard parts.count == 2, let rule = NucRule(parts[1]) else { return nil }
            self = .not(rule)
        default: return nil
        }
    }

    /// Reads a list of rules; `nil` where one of them is none.
    static func rules(_ values: [JSONValue]) -> [NucRule]? {
        var rules: [NucRule] = []
        for value in values {
            guard let rule = NucRule(value) else { return nil }
            rules.append(rule)
        }
        return rules
    }

    /// Whether the rule holds. An empty `and` or `or` does not.
    /// - Parameters:
    ///   - token: the invocation's payload.
    ///   - context: what is known besides.
    func holds(for token: JSONObject, in context: JSONObject) -> Bool {
        switch self {
        case .equal(let selector, let value): selector.value(token: token, context: context).isSameValue(as: value)
        case .notEqual(let selector, let value): !selector.value(token: token, context: context).isSameValue(as: value)
        case .anyOf(let selector, let values):
            Self.isOne(of: values, selector.value(token: token, context: context))
        case .all(let rules): !rules.isEmpty && rules.allSatisfy { $0.holds(for: token, in: context) }
        case .any(let rules): rules.contains { $0.holds(for: token, in: context) }
        case .not(let rule): !rule.holds(for: token, in: context)
        }
    }

    private static func isOne(of values: [JSONValue], _ value: JSONValue) -> Bool {
        values.contains { $0.isSameValue(as: value) }
    }

    var width: Int {
        switch self {
        case .equal, .notEqual: 1
        case .anyOf(_, let values): values.count
        case .all(let rules), .any(let rules): max(rules.count, rules.map(\.width).max() ?? 0)
        case .not(let rule): rule.width
        }
    }

    var depth: Int {
        switch self {
        case .equal, .notEqual, .anyOf: 1
        case .all(let rules), .any(let rules): 1 + (rules.map(\.depth).max() ?? 0)
        case .not(let rule): 1 + rule.depth
        }
    }
}
