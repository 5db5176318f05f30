/// What a translation could not carry, by the names of the fields; for the header field `ostiary-dropped`.
///
/// A loss is one of three: a *hint* (the answer is the same without it), which is named; something that was *asked*,
/// which is named or refused, as is set; or something without which the question is another one, which is always
/// refused and never comes here.
public struct Losses: Sendable {
    /// What becomes of what was asked and cannot be carried (`on_loss`).
    public enum Policy: String, Sendable, CaseIterable {
        /// Leave it out and name it.
        case report
        /// Answer 400 and name it.
        case refuse
    }

    /// The most names that are kept; what is beyond is counted as `…`.
    public static let most = 32

    public private(set) var names: [String] = []
    private let policy: Policy

    public init(_ policy: Policy) {
        self.policy = policy
    }

    public var isEmpty: Bool { names.isEmpty }

    /// The header field's value: names divided by commas, in order of appearance, each once. ASCII only.
    public var fieldValue: String { names.joined(separator: ", ") }

    /// Notes something that makes no difference to the answer.
    public mutating func hint(_ name: String) {
        guard names.count <= Self.most, !names.contains(where: { $0.hasSameBytes(as: name) }) else { return }
        names.append(names.count == Self.most ? "..." : Self.harmless(name))
    }

    /// Notes something that was asked for.
    public mutating func asked(_ name: String) throws(GateError) {
        guard policy == .report else { throw Losses.refusal(name) }
        hint(name)
    }

    /// The refusal of something that cannot be left out.
    public static func refusal(_ name: String, because reason: StaticString? = nil) -> GateError {
        let why = reason.map { ", since \($0)" } ?? ""
        return GateError(
            .unsupportedParameter,
            cause: "not_translatable",
            detail: "\(harmless(name))\(why)"
        )
    }

    /// Names come from clients and go into a header field.
    private static func harmless(_ name: String) -> String {
        var out: [UInt8] = []
        for byte in name.utf8.prefix(64) {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"):
                out.append(byte)
            default: out.append(UInt8(ascii: "?"))
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
