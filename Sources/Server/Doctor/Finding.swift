public import OstiaryCore

/// One thing that an examination found, good or bad, with the command that repairs it.
public struct Finding: Hashable, Sendable {
    /// What was looked at.
    public enum Area: String, Sendable, CaseIterable {
        case configuration, files, keys, clock, doors, gate, clients
    }

    /// How bad it is, the worst last.
    public enum Grade: Int, Comparable, Sendable, CaseIterable {
        case good
        /// It works, and not as it should.
        case warning
        /// Something that is asked over the network does not answer.
        case unreachable
        /// The system stands in the way: permissions, ports.
        case system
        /// The configuration cannot be used.
        case configuration

        public static func < (left: Grade, right: Grade) -> Bool { left.rawValue < right.rawValue }

        /// For programs.
        public var name: String {
            switch self {
            case .good: "good"
            case .warning: "warning"
            case .unreachable, .system, .configuration: "error"
            }
        }
    }

    public let area: Area
    public let grade: Grade
    /// Lower case, no full stop. Never a secret.
    public let sentence: String
    /// The exact next command where there is one, else what to do; `nil` where nothing has to be done.
    public let remedy: String?

    public init(_ area: Area, _ grade: Grade, _ sentence: String, remedy: String? = nil) {
        self.area = area
        self.grade = grade
        self.sentence = sentence
        self.remedy = remedy
    }

    /// `{"area": …, "grade": …, "sentence": …, "remedy": …}`.
    public var json: JSONValue {
        .members(
            ("area", .string(area.rawValue)),
            ("grade", .string(grade.name)),
            ("sentence", .string(sentence)),
            ("remedy", remedy.map(JSONValue.string) ?? .null)
        )
    }
}
