import OstiaryCore

extension JSONValue {
    /// Whether both are the same value of JSON: numbers by what they are worth (`1` is `1.0`), text by bytes, members of
    /// an object in any order, elements of an array in theirs. A truth value is never a number.
    func isSameValue(as other: JSONValue) -> Bool {
        switch (self, other) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.number(let left), .number(let right)): left.isSameNumber(as: right)
        case (.string(let left), .string(let right)): left.hasSameBytes(as: right)
        case (.array(let left), .array(let right)):
            left.count == right.count && zip(left, right).allSatisfy { $0.isSameValue(as: $1) }
        case (.object(let left), .object(let right)): left.isSameObject(as: right)
        default: false
        }
    }
}

extension JSONObject {
    // Names are unique in both, so as many members and each found is all of them.
    fileprivate func isSameObject(as other: JSONObject) -> Bool {
        guard members.count == other.members.count else { return false }
        return members.allSatisfy { member in other[member.name]?.isSameValue(as: member.value) ?? false }
    }
}

extension JSONNumber {
    /// Whether both are worth the same, exactly, however they are spelled.
    func isSameNumber(as other: JSONNumber) -> Bool {
        text.hasSameBytes(as: other.text) || parts == other.parts
    }

    private struct Parts: Equatable {
        var isNegative = false
        var digits: [UInt8] = []
        var exponent = 0
    }

    /// Sign, digits without zeros at either end, and the power of ten of the last digit; all of them of zero alike.
    private var parts: Parts {
        var parts = Parts()
        var fraction = 0
        var isFraction = false
        var bytes = text.utf8[...]
        if bytes.first == UInt8(ascii: "-") {
            parts.isNegative = true
            bytes = bytes.dropFirst()
        }
        while let byte = bytes.popFirst() {
            switch byte {
            case UInt8(ascii: "."): isFraction = true
            case UInt8(ascii: "e"), UInt8(ascii: "E"):
                parts.exponent = Self.exponent(bytes)
                bytes = bytes.suffix(0)
            default:
                if isFraction { fraction += 1 }
                if byte != UInt8(ascii: "0") || !parts.digits.isEmpty { parts.digits.append(byte) }
            }
        }
        guard !parts.digits.isEmpty else { return Parts() }
        parts.exponent -= fraction
        while parts.digits.last == UInt8(ascii: "0") {
            parts.digits.removeLast()
            parts.exponent += 1
        }
        return parts
    }

    /// Bounded: beyond the bound, numbers of other spellings are not the same here.
    private static func exponent(_ text: Substring.UTF8View.SubSequence) -> Int {
        Int(Substring(text).drop { $0 == "+" }) ?? Int(Int32.max)
    }
}
