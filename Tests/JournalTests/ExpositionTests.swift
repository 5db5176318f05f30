import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryJournal

private let prometheus =
    "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
    + "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"

/// Reads the format strictly: each sample belongs to the family announced last, no name is announced twice, labels are
/// quoted and escaped.
private func check(_ exposition: Exposition) -> [String: String] {
    var kinds: [String: String] = [:]
    var samples: [String: String] = [:]
    var family = ""
    for line in String(decoding: exposition.bytes, as: UTF8.self).split(separator: "\n") where line != "# EOF" {
        let words = line.split(separator: " ")
        if line.hasPrefix("# HELP ") { continue }
        if line.hasPrefix("# TYPE ") {
            family = String(words[2])
            #expect(kinds[family] == nil)
            kinds[family] = String(words[3])
            continue
        }
        #expect(line.hasPrefix(family))
        var name: [Character] = []
        var isQuoted = false
        var isEscaped = false
        var rest = Substring(line)
        while let character = rest.popFirst() {
            if character == " " && !isQuoted { break }
            name.append(character)
            if isEscaped {
                #expect("\\\"n".contains(character))
                isEscaped = false
            } else if isQuoted && character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                isQuoted.toggle()
            }
        }
        #expect(!isQuoted)
        #expect(Double(rest) != nil || rest == "+Inf" || rest == "NaN")
        #expect(samples[String(name)] == nil)
        samples[String(name)] = String(rest)
    }
    return samples
}

private func journal(_ sink: MemorySink) throws -> Journal {
    let clock = ManualClock()
    return Journal(
        log: RequestLog(writer: try LogWriter(sink: sink)),
        metrics: Metrics(loops: 1, version: "0.1.0"),
        percentiles: LivePercentiles(loops: 1, at: clock.monotonic),
        clock: clock
    )
}

@Test func exposesEverythingInAFormThatParses() throws {
    let journal = try journal(MemorySink())
    journal.add([
        Instrument("gw_auth_total", .counter, "By result.", labels: [("result", "ok")]) { 3 },
        Instrument("gw_fill", .gauge, "A \\ and a\nnewline.") { .infinity },
        Instrument("gw_auth_total", .counter, "By result.", labels: [("result", "bad \"quoted\"\n\\")]) { 0.5 },
    ])
    journal.enter(entry(upstream: 0.01, provider: "openai", model: "odd\"\\\nmodel"), loop: 0)
    let samples = check(journal.expose(accept: nil))
    #expect(samples["gw_auth_total{result=\"ok\"}"] == "3")
    #expect(samples["gw_auth_total{result=\"bad \\\"quoted\\\"\\n\\\\\"}"] == "0.5")
    #expect(samples["gw_fill"] == "+Inf")
    #expect(samples["gw_log_lines_dropped_total"] == "0")
    _ = check(journal.expose(accept: prometheus))
}

@Test func speaksOpenMetricsToThoseWhoAsk() throws {
    let journal = try journal(MemorySink())
    journal.enter(entry(), loop: 0)
    let open = journal.expose(accept: prometheus)
    #expect(open.contentType == "application/openmetrics-text; version=1.0.0; charset=utf-8")
    let text = String(decoding: open.bytes, as: UTF8.self)
    #expect(text.hasSuffix("\n# EOF\n"))
    #expect(text.contains("# TYPE gw_requests counter\n"))
    #expect(text.contains("\ngw_requests_total{"))
    let plain = journal.expose(accept: "text/plain")
    #expect(plain.contentType == "text/plain; version=0.0.4; charset=utf-8")
    #expect(!String(decoding: plain.bytes, as: UTF8.self).contains("# EOF"))
}

@Test(arguments: [
    ("", false), ("*/*", false), ("text/plain", false), ("application/openmetrics-text", true),
    ("application/openmetrics-text;q=0", false), ("Application/OpenMetrics-Text; version=1.0.0", true),
    ("application/openmetrics-text;q=0.2, text/plain;q=0.9", false), ("application/openmetrics-text;q=x", false),
])
func readsTheAcceptField(_ accept: String, _ expected: Bool) {
    #expect(Exposition.wantsOpenMetrics(accept) == expected)
}

@Test func entersACallIntoAllThree() throws {
    let sink = MemorySink()
    let clock = ManualClock()
    let writer = try LogWriter(sink: sink)
    let journal = Journal(
        log: RequestLog(format: .json, writer: writer),
        metrics: Metrics(loops: 1, version: "0.1.0"),
        percentiles: LivePercentiles(loops: 1, at: clock.monotonic),
        clock: clock
    )
    journal.event(.info, "listening", ["address": "127.0.0.1:8080"])
    journal.enter(entry(), loop: 0)
    journal.enter(entry(route: "/health"), loop: 0)
    clock.advance(1)
    journal.rotate()
    #expect(writer.close(within: 30_000))
    #expect(sink.text.split(separator: "\n").count == 2)
    let text = String(decoding: journal.expose(accept: nil).bytes, as: UTF8.self)
    #expect(text.contains("gw_requests_total{route=\"/health\",provider=\"\",model=\"\",status=\"200\"} 1\n"))
    let measures = try parsed(journal.stats(.minute))["measures"] as? [String: [String: Any]]
    #expect(measures?["duration"]?["count"] as? Int == 2)
}
