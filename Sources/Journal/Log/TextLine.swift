import OstiaryCore

/// Lines for people: time, level, then `name=value`, what is unknown left out.
///
///     2027-01-15T08:00:00.000Z info request id=req_… method=POST route=/v1/chat/completions status=200 …
enum TextLine {
    static func write(_ entry: Entry, to line: inout LineBytes) {
        head(&line, entry.time, entry.level)
        line.raw("request id=")
        line.requestID(entry.id)
        if let method = entry.method { value(&line, " method=", method.rawValue) }
        if let route = entry.route { value(&line, " route=", route) }
        line.raw(" status=")
        line.integer(entry.status)
        line.raw(" outcome=")
        line.raw(entry.outcome.name)
        if case .cut(let cut) = entry.outcome {
            line.raw(" cut=")
            line.raw(cut.name)
        }
        if let cause = entry.cause { value(&line, " cause=", cause) }
        milliseconds(&line, " duration=", entry.duration)
        if let seconds = entry.timeToFirstByte { milliseconds(&line, " ttfb=", seconds) }
        if let seconds = entry.upstreamDuration { milliseconds(&line, " upstream=", seconds) }
        line.raw(" in=")
        line.integer(entry.bytesIn)
        line.raw(" out=")
        line.integer(entry.bytesOut)
        if let user = entry.user {
            line.raw(" user=")
            line.pseudonym(user)
        }
        if let peer = entry.peer { value(&line, " peer=", peer.address) }
        if let provider = entry.provider { value(&line, " provider=", provider) }
        if let model = entry.model { value(&line, " model=", model) }
        if let tokens = entry.usage?.inputTokens {
            line.raw(" tokens_in=")
            line.integer(tokens)
        }
        if let tokens = entry.usage?.outputTokens {
            line.raw(" tokens_out=")
            line.integer(tokens)
        }
        if entry.isUsageEstimated { line.raw(" tokens_estimated=true") }
        if let stop = entry.stop { value(&line, " finish=", stop.rawValue) }
        line.raw(UInt8(ascii: "\n"))
    }

    static func write(
        _ sentence: StaticString,
        level: LogLevel,
        _ fields: KeyValuePairs<StaticString, String>,
        at time: UnixTime,
        to line: inout LineBytes
    ) {
        head(&line, time, level)
        line.raw(sentence)
        for (name, text) in fields {
            line.raw(UInt8(ascii: " "))
            line.raw(name)
            line.raw(UInt8(ascii: "="))
            line.word(text)
        }
        line.raw(UInt8(ascii: "\n"))
    }

    private static func head(_ line: inout LineBytes, _ time: UnixTime, _ level: LogLevel) {
        line.time(time)
        line.raw(UInt8(ascii: " "))
        line.raw(level.name)
        line.raw(UInt8(ascii: " "))
    }

    private static func value(_ line: inout LineBytes, _ name: StaticString, _ text: String) {
        line.raw(name)
        line.word(text)
    }

    private static func milliseconds(_ line: inout LineBytes, _ name: StaticString, _ seconds: Double) {
        line.raw(name)
        line.milliseconds(seconds)
        line.raw("ms")
    }
}
