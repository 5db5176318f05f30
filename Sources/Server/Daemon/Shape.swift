import OstiaryCore

/// What a JSON value of the admin door looks like. Requests are checked by it, and the OpenAPI document shows it, so the
/// two say the same.
indirect enum Shape: Sendable {
    /// - Parameters:
    ///   - least: the fewest bytes.
    ///   - most: the most bytes.
    case text(least: Int = 0, most: Int = 8192)
    /// One of these words.
    case word([String])
    /// A provider's key. Its value is never part of a JSON value here; see `AdminBody`.
    case secret
    case whole(ClosedRange<Int>)
    case number
    case truth
    case null
    /// Members, and no others.
    case object([Member])
    /// Members of any name.
    case map(Shape)
    case list(Shape)
    case either([Shape])
    case anything

    struct Member: Sendable {
        let name: String
        let shape: Shape
        let isRequired: Bool
        let help: String
    }

    static func optional(_ shape: Shape) -> Shape { .either([shape, .null]) }

    /// Seconds since 1970, with fractions.
    static let time = Shape.number
}

extension Shape.Member {
    static func must(_ name: String, _ shape: Shape, _ help: String) -> Shape.Member {
        Shape.Member(name: name, shape: shape, isRequired: true, help: help)
    }

    static func may(_ name: String, _ shape: Shape, _ help: String) -> Shape.Member {
        Shape.Member(name: name, shape: shape, isRequired: false, help: help)
    }
}

// MARK: Checking

extension Shape {
    /// Where a value is not of this shape, and why. Says nothing of the value itself, which may be a key in the wrong
    /// place.
    struct Fault: Hashable, Sendable {
        let path: String
        let reason: String
    }

    /// - Returns: the first fault, or `nil` for a value of this shape.
    func fault(in value: JSONValue, at path: String = "") -> Fault? {
        func fault(_ reason: String) -> Fault { Fault(path: path.isEmpty ? "." : path, reason: reason) }
        switch self {
        case .anything: return nil
        case .text(let least, let most):
            guard let text = value.string else { return fault("must be text") }
            return (least...most).contains(text.utf8.count) ? nil : fault("must have \(least) to \(most) bytes")
        case .secret: return value.string == nil ? fault("must be text") : nil
        case .word(let words):
            guard let text = value.string, words.contains(where: text.hasSameBytes) else {
                return fault("must be one of \(words.joined(separator: ", "))")
            }
            return nil
        case .whole(let range):
            guard let number = value.number?.int, range.contains(number) else {
                return fault("must be a whole number from \(range.lowerBound) to \(range.upperBound)")
            }
            return nil
        case .number: return value.number == nil ? fault("must be a number") : nil
        case .truth: return value.bool == nil ? fault("must be true or false") : nil
        case .null:
            if case .null = value { return nil }
            return fault("must be null")
        case .object(let members): return Self.fault(in: value, members, path)
        case .map(let shape):
            guard let object = value.object else { return fault("must be an object") }
            // The name is the client's: it is not repeated.
            for member in object.members {
                if let fault = shape.fault(in: member.value, at: path + ".*") { return fault }
            }
            return nil
        case .list(let shape):
            guard let elements = value.array else { return fault("must be a list") }
            for (index, element) in elements.enumerated() {
                if let fault = shape.fault(in: element, at: "\(path)[\(index)]") { return fault }
            }
            return nil
        case .either(let shapes):
            let faults = shapes.compactMap { $0.fault(in: value, at: path) }
            return faults.count < shapes.count ? nil : faults.first
        }
    }

    private static func fault(in value: JSONValue, _ members: [Member], _ path: String) -> Fault? {
        guard let object = value.object else {
            return Fault(path: path.isEmpty ? "." : path, reason: "must be an object")
        }
        for member in members {
            guard let value = object[member.name] else {
                if member.isRequired { return Fault(path: "\(path).\(member.name)", reason: "is missing") }
                continue
            }
            if let fault = member.shape.fault(in: value, at: "\(path).\(member.name)") { return fault }
        }
        // A wish that is not understood must not be taken for one that was fulfilled.
        let isKnown = object.members.allSatisfy { given in members.contains { $0.name.hasSameBytes(as: given.name) } }
        guard isKnown else {
            let names = members.map(\.name).joined(separator: ", ")
            return Fault(
                path: path.isEmpty ? "." : path,
                reason: "has a member that is not known; there are: \(names.isEmpty ? "none" : names)"
            )
        }
        return nil
    }
}
