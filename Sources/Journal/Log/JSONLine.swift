import OstiaryCore

/// Lines for programs: one JSON object each, with the same members in the same order whatever happened.
enum JSONLine {
    static func write(_ entry: Entry, to line: inout LineBytes) {
        line.raw("{\"time\":\"")
        line.time(entry.time)
        line.raw("\",\"level\":\"")
        line.raw(entry.level.name)
        line.raw("\",\"message\":\"request\",\"id\":\"")
        line.requestID(entry.id)
        line.raw("\",\"method\":")
        string(&line, entry.method?.rawValue)
        line.raw(",\"route\":")
        string(&line, entry.route)
        line.raw(",\"status\":")
        line.integer(entry.status)
        line.raw(",\"outcome\":\"")
        line.raw(entry.outcome.name)
        line.raw("\",\"cut\":")
        if case .cut(let cut) = entry.outcome { string(&line, cut.rawValue) } else { line.raw("null") }
        line.raw(",\"cause\":")
        string(&line, entry.cause)
        line.raw(",\"duration_ms\":")
        line.milliseconds(entry.duration)
        line.raw(",\"ttfb_ms\":")
        milliseconds(&line, entry.timeToFirstByte)
        line.raw(",\"upstream_ms\":")
        milliseconds(&line, entry.upstreamDuration)
        line.raw(",\"bytes_in\":")
        line.integer(entry.bytesIn)
        line.raw(",\"bytes_out\":")
        line.integer(entry.bytesOut)
        line.raw(",\"user\":")
        if let user = entry.user {
            line.raw(UInt8(ascii: "\""))
            line.pseudonym(user)
            line.raw(UInt8(ascii: "\""))
        } else {
            line.raw("null")
        }
        line.raw(",\"peer\":")
        string(&line, entry.peer?.address)
        line.raw(",\"provider\":")
        string(&line, entry.provider)
        line.raw(",\"model\":")
        string(&line, entry.model)
        line.raw(",\"tokens_in\":")
        integer(&line, entry.usage?.inputTokens)
        line.raw(",\"tokens_out\":")
        integer(&line, entry.usage?.outputTokens)
        if entry.isUsageEstimated {
            line.raw(",\"tokens_estimated\":true,\"finish\":")
        } else {
            line.raw(",\"tokens_estimated\":false,\"finish\":")
        }
        string(&line, entry.stop?.rawValue)
        line.raw("}\n")
    }

    static func write(
        _ sentence: StaticString,
        level: LogLevel,
        _ fields: KeyValuePairs<StaticString, String>,
        at time: UnixTime,
        to line: inout LineBytes
    ) {
        line.raw("{\"time\":\"")
        line.time(time)
        line.raw("\",\"level\":\"")
        line.raw(level.name)
        line.raw("\",\"message\":")
        line.quoted("\(sentence)")
        // An object of its own, so that no field's name can meet one of the line's.
        line.raw(",\"fields\":{")
        var first = true
        for (name, text) in fields {
            if !first { line.raw(UInt8(ascii: ",")) }
            first = false
            line.quoted("\(name)")
            line.raw(UInt8(ascii: ":"))
            line.quoted(text)
        }
        line.raw("}}\n")
    }

    private static func string(_ line: inout LineBytes, _ text: String?) {
        if let text { line.quoted(text) } else { line.raw("null") }
    }

    private static func integer(_ line: inout LineBytes, _ value: Int?) {
        if let value { line.integer(value) } else { line.raw("null") }
    }

    private static func milliseconds(_ line: inout LineBytes, _ seconds: Double?) {
        if let seconds { line.milliseconds(seconds) } else { line.raw("null") }
    }
}
