import Foundation
import OstiaryCore

/// The strict reader of JSON beside Foundation's: both accept the same documents with the same values, but for what is
/// listed.
enum FoundationJSON {
    enum Verdict: Equatable, Sendable {
        /// Refused by both.
        case refused
        case same
        case listed(Difference)
        /// They disagree, and nobody has said why they may.
        case different(String)
    }

    /// Where the two differ: the first four are leniency of Foundation's that is refused here.
    enum Difference: String, Sendable, CaseIterable {
        /// One of several members of a name wins there.
        case duplicateMember
        /// 512 levels are read there, 64 here.
        case depth
        /// A byte order mark, UTF-16 and UTF-32 are read there.
        case encoding
        /// A comma behind the last element or member is taken there.
        case trailingComma
        /// A number beyond a Double's range is refused there; here its spelling is kept, and it has no value.
        case numberRange
        /// Names that are canonically equivalent are one member there and two here, where bytes are compared.
        case canonicalNames
    }

    static func compare(_ bytes: [UInt8]) -> Verdict {
        let theirs = try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
        let ours: JSONValue
        do throws(JSONFault) {
            ours = try JSONReader.read(bytes)
        } catch {
            guard theirs != nil else { return .refused }
            switch error.reason {
            case .duplicateMember: return .listed(.duplicateMember)
            case .depth: return .listed(.depth)
            case _ where isOtherEncoding(bytes): return .listed(.encoding)
            case .syntax where withoutTrailingCommas(bytes) != bytes:
                return compare(withoutTrailingCommas(bytes)) == .refused
                    ? .different("Foundation accepts more than a comma") : .listed(.trailingComma)
            default: return .different("Foundation accepts what is refused here: \(error.reason)")
            }
        }
        guard let theirs else {
            return hasNumberWithoutValue(ours) ? .listed(.numberRange) : .different("Foundation refuses it")
        }
        if let difference = difference(ours, theirs) {
            return hasCanonicalTwins(ours) ? .listed(.canonicalNames) : .different(difference)
        }
        return .same
    }

    /// A document that Foundation takes for another encoding than UTF-8 without a mark: it has one, or NUL among its first
    /// bytes (RFC 4627 section 3).
    private static func isOtherEncoding(_ bytes: [UInt8]) -> Bool {
        bytes.starts(with: [0xef, 0xbb, 0xbf]) || bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff])
            || bytes.prefix(4).contains(0)
    }

    private static func difference(_ ours: JSONValue, _ theirs: Any) -> String? {
        switch ours {
        case .null: return theirs is NSNull ? nil : "null is \(theirs)"
        case .bool(let bool): return theirs as? Bool == bool ? nil : "\(bool) is \(theirs)"
        case .number(let number): return difference(number, theirs)
        case .string(let string):
            return (theirs as? String)?.hasSameBytes(as: string) == true ? nil : "a string differs: \(theirs)"
        case .array(let elements):
            guard let other = theirs as? [Any], other.count == elements.count else { return "an array is \(theirs)" }
            for (ours, theirs) in zip(elements, other) {
                if let difference = difference(ours, theirs) { return difference }
            }
            return nil
        case .object(let object):
            guard let other = theirs as? [String: Any], other.count == object.members.count else {
                return "an object is \(theirs)"
            }
            for member in object.members {
                guard let theirs = other[member.name] else { return "a member is missing" }
                if let difference = difference(member.value, theirs) { return difference }
            }
            return nil
        }
    }

    private static func difference(_ ours: JSONNumber, _ theirs: Any) -> String? {
        guard let theirs = theirs as? NSNumber else { return "\(ours.text) is \(theirs)" }
        // Foundation keeps some numbers as decimals, whose conversion loses the last bits, and reads others as a Double
        // although they are whole.
        if let int = ours.int, theirs.int64Value == Int64(int) { return nil }
        guard let double = ours.double else { return nil }
        let isSame = abs(double - theirs.doubleValue) <= 8 * double.ulp
        return isSame ? nil : "\(ours.text) is \(theirs)"
    }

    /// The document without commas before a closing bracket, outside of its strings.
    private static func withoutTrailingCommas(_ bytes: [UInt8]) -> [UInt8] {
        var kept: [UInt8] = []
        var isString = false
        var comma: Int?
        for (index, byte) in bytes.enumerated() {
            if isString {
                let backslashes = bytes[..<index].reversed().prefix { $0 == UInt8(ascii: "\\") }.count
                if byte == UInt8(ascii: "\""), backslashes.isMultiple(of: 2) { isString = false }
            } else {
                if let place = comma, byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}") { kept.remove(at: place) }
                if byte == UInt8(ascii: ",") { comma = kept.count } else if byte > 0x20 { comma = nil }
                isString = byte == UInt8(ascii: "\"")
            }
            kept.append(byte)
        }
        return kept
    }

    private static func hasNumberWithoutValue(_ value: JSONValue) -> Bool {
        switch value {
        case .number(let number): number.double == nil
        case .array(let elements): elements.contains(where: hasNumberWithoutValue)
        case .object(let object): object.members.contains { hasNumberWithoutValue($0.value) }
        case .null, .bool, .string: false
        }
    }

    private static func hasCanonicalTwins(_ value: JSONValue) -> Bool {
        switch value {
        case .array(let elements): elements.contains(where: hasCanonicalTwins)
        case .object(let object):
            Set(object.members.map(\.name)).count < object.members.count
                || object.members.contains { hasCanonicalTwins($0.value) }
        case .null, .bool, .string, .number: false
        }
    }
}
