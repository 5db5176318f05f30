import Foundation
import OstiaryCore
import Synchronization

@testable import OstiaryJournal

/// Keeps what the writer writes; refuses everything where a test says so.
final class MemorySink: LogSink {
    private let state = Mutex<[UInt8]>([])
    private let refuses: Bool

    init(refuses: Bool = false) { self.refuses = refuses }

    func write(_ bytes: [UInt8]) -> Bool {
        if !refuses { state.withLock { $0 += bytes } }
        return !refuses
    }

    var text: String { String(decoding: state.withLock { $0 }, as: UTF8.self) }
}

/// 2027-01-15T08:00:00.250Z
let someTime = UnixTime(seconds: 1_800_000_000.25)

func entry(
    route: String? = "/v1/chat/completions",
    status: Int = 200,
    outcome: Entry.Outcome = .answered,
    duration: Double = 0.012_345,
    upstream: Double? = nil,
    provider: String? = nil,
    model: String? = nil,
    usage: Usage? = nil
) -> Entry {
    Entry(
        id: RequestID(high: 0x0123_4567_89ab_cdef, low: 1),
        time: someTime,
        method: .post,
        route: route,
        status: status,
        outcome: outcome,
        duration: duration,
        upstreamDuration: upstream,
        bytesIn: 120,
        bytesOut: 4_096,
        provider: provider,
        model: model,
        usage: usage
    )
}

func parsed(_ line: some Collection<UInt8>) throws -> [String: Any] {
    try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any] ?? [:]
}

func lines(_ bytes: [UInt8]) -> [[UInt8]] {
    bytes.split(separator: UInt8(ascii: "\n")).map(Array.init)
}

extension TextLine {
    static func bytes(of entry: Entry) -> [UInt8] {
        var line = LineBytes()
        write(entry, to: &line)
        return line.bytes
    }

    static func bytes(
        of sentence: StaticString,
        level: LogLevel,
        _ fields: KeyValuePairs<StaticString, String>,
        at time: UnixTime
    ) -> [UInt8] {
        var line = LineBytes()
        write(sentence, level: level, fields, at: time, to: &line)
        return line.bytes
    }
}

extension JSONLine {
    static func bytes(of entry: Entry) -> [UInt8] {
        var line = LineBytes()
        write(entry, to: &line)
        return line.bytes
    }

    static func bytes(
        of sentence: StaticString,
        level: LogLevel,
        _ fields: KeyValuePairs<StaticString, String>,
        at time: UnixTime
    ) -> [UInt8] {
        var line = LineBytes()
        write(sentence, level: level, fields, at: time, to: &line)
        return line.bytes
    }
}
