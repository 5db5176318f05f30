public import OstiaryCore

/// Writes entries and events as lines of text or JSON into a `LogWriter`.
///
/// A line holds what an `Entry` holds and never a token, key, body, query or claim, as an entry has none of them. A
/// JSON line has the same members every time; what is unknown is null.
public struct RequestLog: Sendable {
    public enum Format: String, Sendable, CaseIterable {
        case text, json
    }

    /// Makes the line that a writer adds after it had to drop some.
    public static func notice(
        _ format: Format,
        clock: any GateClock
    ) -> @Sendable (_ dropped: Int) -> [UInt8] {
        { dropped in
            let sentence: StaticString = "log lines were dropped: the sink is too slow"
            let fields: KeyValuePairs<StaticString, String> = ["lines": "\(dropped)"]
            var line = LineBytes()
            write(sentence, format, .warning, fields, at: clock.now, to: &line)
            return line.bytes
        }
    }

    private let style: LogStyle
    /// Routes that are logged only when they fail.
    public let quiet: [String]
    private let writer: LogWriter

    public init(
        format: Format = .text,
        level: LogLevel = .info,
        quiet: [String] = ["/health", "/ready"],
        writer: LogWriter
    ) {
        self.init(style: LogStyle(format: format, level: level), quiet: quiet, writer: writer)
    }

    /// - Parameter style: how lines look and which are written; whoever keeps it can change it later.
    public init(style: LogStyle, quiet: [String] = ["/health", "/ready"], writer: LogWriter) {
        self.style = style
        self.quiet = quiet
        self.writer = writer
    }

    public var format: Format { style.format }
    /// Lines below this level are not written.
    public var level: LogLevel { style.level }

    /// Writes the entry's line if its level and route deserve one.
    public func write(_ entry: Entry) {
        guard entry.level >= level, entry.shouldLog(quiet: quiet) else { return }
        writer.append { line in
            switch format {
            case .text: TextLine.write(entry, to: &line)
            case .json: JSONLine.write(entry, to: &line)
            }
        }
    }

    /// Writes an event's line: a fixed sentence and values beside it. Sentences are literals, so nothing secret can be
    /// put into one.
    public func write(
        _ level: LogLevel,
        _ sentence: StaticString,
        _ fields: KeyValuePairs<StaticString, String>,
        at time: UnixTime
    ) {
        guard level >= self.level else { return }
        writer.append { Self.write(sentence, format, level, fields, at: time, to: &$0) }
    }

    /// What the log shows to the operator.
    public var instruments: [Instrument] { writer.instruments }

    private static func write(
        _ sentence: StaticString,
        _ format: Format,
        _ level: LogLevel,
        _ fields: KeyValuePairs<StaticString, String>,
        at time: UnixTime,
        to line: inout LineBytes
    ) {
        switch format {
        case .text: TextLine.write(sentence, level: level, fields, at: time, to: &line)
        case .json: JSONLine.write(sentence, level: level, fields, at: time, to: &line)
        }
    }
}

extension Entry.Outcome {
    /// The outcome's name in lines: `answered`, `cut`, or the code of the refusal.
    var name: StaticString {
        switch self {
        case .answered: "answered"
        case .refused(let code): code.entry.name
        case .cut: "cut"
        }
    }
}

extension Entry.Cut {
    var name: StaticString {
        switch self {
        case .client: "client"
        case .upstream: "upstream"
        case .shutdown: "shutdown"
        case .gate: "gate"
        }
    }
}
