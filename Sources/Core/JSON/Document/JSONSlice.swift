/// One value of a document, where it stands.
public struct JSONSlice: Sendable {
    public enum Kind: Sendable {
        case null, bool, number, string, array, object
    }

    let document: JSONDocument
    let position: Int

    @inline(__always)
    var node: JSONDocument.Node { document.nodes[position] }

    public var kind: Kind {
        switch node.kind {
        case .null: .null
        case .yes, .no: .bool
        case .number: .number
        case .string: .string
        case .array: .array
        case .object: .object
        }
    }

    public var isNull: Bool { node.kind == .null }

    /// The truth value, or `nil` for any other value.
    public var bool: Bool? {
        switch node.kind {
        case .yes: true
        case .no: false
        default: nil
        }
    }

    /// The text, or `nil` for anything but a string.
    public var text: JSONText? {
        let node = node
        guard node.kind == .string else { return nil }
        return JSONText(document, node)
    }

    /// The string, escapes undone, or `nil` for any other value.
    public var string: String? { text?.string }

    /// The number as it is spelled, or `nil` for any other value.
    public var number: JSONNumber? {
        guard node.kind == .number else { return nil }
        return JSONNumber(text: String(decoding: document.bytes[Int(node.start)..<Int(node.end)], as: UTF8.self))
    }

    /// The whole number, or `nil` for any other value.
    public var int: Int? {
        guard node.kind == .number else { return nil }
        // The common spelling, without a string of it.
        if node.end - node.start <= 15 {
            var value = 0
            var isPlain = true
            for index in Int(node.start)..<Int(node.end) {
                let digit = document.bytes[index] &- UInt8(ascii: "0")
                guard digit < 10 else {
                    isPlain = false
                    break
                }
                value = value &* 10 &+ Int(digit)
            }
            if isPlain { return value }
        }
        return number?.int
    }

    /// How many bytes the value has as it is written.
    public var byteCount: Int { Int(node.end - node.start) }

    // MARK: What is below

    /// The member of this name, or `nil` where there is none or this is no object.
    public subscript(_ name: StaticString) -> JSONSlice? {
        guard node.kind == .object else { return nil }
        let end = Int(node.next)
        var index = position + 1
        while index + 1 < end {
            if isName(index, name) { return JSONSlice(document: document, position: index + 1) }
            index = Int(document.nodes[index + 1].next)
        }
        return nil
    }

    /// Gives each member in order; nothing where this is no object.
    @inlinable
    public func forEachMember<Failure: Error>(
        _ body: (_ name: String, _ value: JSONSlice) throws(Failure) -> Void
    ) throws(Failure) {
        var place = firstPlace
        while let member = member(at: &place) { try body(member.name, member.value) }
    }

    /// Gives each element in order; nothing where this is no array.
    @inlinable
    public func forEachElement<Failure: Error>(_ body: (JSONSlice) throws(Failure) -> Void) throws(Failure) {
        var place = firstPlace
        while let element = element(at: &place) { try body(element) }
    }

    /// The elements, or none where this is no array.
    public var elements: [JSONSlice] {
        var elements: [JSONSlice] = []
        forEachElement { elements.append($0) }
        return elements
    }

    /// The members that have none of these names.
    public func extras(except known: [StaticString]) -> [Exchange.Extra] {
        guard node.kind == .object else { return [] }
        var extras: [Exchange.Extra] = []
        let end = Int(node.next)
        var index = position + 1
        while index + 1 < end {
            var isKnown = false
            for name in known where isName(index, name) {
                isKnown = true
                break
            }
            if !isKnown {
                extras.append(
                    Exchange.Extra(
                        name: JSONText(document, document.nodes[index]).string,
                        value: JSONSlice(document: document, position: index + 1)
                    )
                )
            }
            index = Int(document.nodes[index + 1].next)
        }
        return extras
    }

    /// Whether an array or an object has nothing in it.
    public var isEmpty: Bool { Int(node.next) == position + 1 }

    @usableFromInline var firstPlace: Int { position + 1 }

    @usableFromInline
    func member(at place: inout Int) -> (name: String, value: JSONSlice)? {
        guard node.kind == .object, place + 1 < Int(node.next) else { return nil }
        let name = JSONText(document, document.nodes[place]).string
        let value = JSONSlice(document: document, position: place + 1)
        place = Int(document.nodes[place + 1].next)
        return (name, value)
    }

    @usableFromInline
    func element(at place: inout Int) -> JSONSlice? {
        guard node.kind == .array, place < Int(node.next) else { return nil }
        let element = JSONSlice(document: document, position: place)
        place = Int(document.nodes[place].next)
        return element
    }

    @inline(__always)
    private func isName(_ index: Int, _ name: StaticString) -> Bool {
        let node = document.nodes[index]
        let count = name.utf8CodeUnitCount
        guard Int(node.end - node.start) == count + 2 || node.hasEscapes else { return false }
        return JSONText(document, node).equals(name)
    }

    /// The value as a tree.
    public var value: JSONValue {
        switch node.kind {
        case .null: return .null
        case .yes: return .bool(true)
        case .no: return .bool(false)
        case .number: return .number(JSONNumber(text: number?.text ?? "0"))
        case .string: return .string(string ?? "")
        case .array: return .array(elements.map(\.value))
        case .object:
            var members: [JSONObject.Member] = []
            forEachMember { members.append(.init(name: $0, value: $1.value)) }
            return .object(JSONObject(members: members))
        }
    }
}
