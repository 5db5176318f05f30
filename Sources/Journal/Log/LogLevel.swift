public import OstiaryCore

/// How much a line matters.
public enum LogLevel: Int, Sendable, CaseIterable, Comparable {
    case info, warning, error

    public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }

    /// The level's name in lines and in `journal.level`.
    public var name: StaticString {
        switch self {
        case .info: "info"
        case .warning: "warning"
        case .error: "error"
        }
    }

    public init?(name: String) {
        switch name {
        case "info": self = .info
        case "warning": self = .warning
        case "error": self = .error
        default: return nil
        }
    }
}

extension Entry {
    /// 5xx: error; 4xx or a cut answer: warning; everything else: info.
    public var level: LogLevel {
        if status >= 500 { return .error }
        if status >= 400 { return .warning }
        if case .cut = outcome { return .warning }
        return .info
    }

    /// Whether the entry deserves a line: everything does, except that the `quiet` routes are logged only when they
    /// fail.
    public func shouldLog(quiet: [String] = ["/health", "/ready"]) -> Bool {
        guard level == .info, let route else { return true }
        return !quiet.contains { $0.utf8.elementsEqual(route.utf8) }
    }
}
