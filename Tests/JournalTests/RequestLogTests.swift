import Foundation
import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryJournal

private func text(_ entry: Entry) -> String { String(decoding: TextLine.bytes(of: entry), as: UTF8.self) }

@Test func writesOneTextLineAnEntry() {
    var full = entry(provider: "openai", model: "gpt-small", usage: Usage(inputTokens: 7, outputTokens: 9))
    full.timeToFirstByte = 0.001
    full.user = Pseudonym(high: 0xa1b2_c3d4_e5f6_0718, low: 0)
    full.peer = Peer(address: "192.0.2.1")
    #expect(
        text(full)
            == "2027-01-15T08:00:00.250Z info request id=req_0123456789abcdef0000000000000001 method=POST"
            + " route=/v1/chat/completions status=200 outcome=answered duration=12.345ms ttfb=1.000ms in=120 out=4096"
            + " user=a1b2c3d4 peer=192.0.2.1 provider=openai model=gpt-small tokens_in=7 tokens_out=9\n"
    )
}

@Test func writesOneJSONLineAnEntry() throws {
    let bytes = JSONLine.bytes(of: entry(status: 429, outcome: .refused(.rateLimitExceeded)))
    #expect(bytes.last == UInt8(ascii: "\n"))
    let object = try parsed(bytes)
    #expect(object["time"] as? String == "2027-01-15T08:00:00.250Z")
    #expect(object["level"] as? String == "warning")
    #expect(object["id"] as? String == "req_0123456789abcdef0000000000000001")
    #expect(object["outcome"] as? String == "rate_limit_exceeded")
    #expect(object["status"] as? Int == 429)
    #expect(object["duration_ms"] as? Double == 12.345)
    #expect(object["bytes_out"] as? Int == 4_096)
}

@Test func `says why an answer ended, and whether its tokens are an estimate`() throws {
    var cut = entry(usage: Usage(inputTokens: 7))
    #expect(!text(cut).contains("finish") && !text(cut).contains("estimated"))
    var object = try parsed(JSONLine.bytes(of: cut))
    #expect(object["tokens_estimated"] as? Bool == false && object["finish"] is NSNull)
    cut.isUsageEstimated = true
    cut.stop = .contextFull
    #expect(text(cut).hasSuffix(" tokens_in=7 tokens_estimated=true finish=context_full\n"))
    object = try parsed(JSONLine.bytes(of: cut))
    #expect(object["tokens_estimated"] as? Bool == true && object["finish"] as? String == "context_full")
}

@Test func choosesTheLevelByStatusAndCut() {
    #expect(entry().level == .info)
    #expect(entry(status: 404).level == .warning)
    #expect(entry(status: 502).level == .error)
    #expect(entry(outcome: .cut(.upstream)).level == .warning)
}

@Test(arguments: Entry.Cut.allCases) func namesWhoCutAnAnswer(_ cut: Entry.Cut) throws {
    let line = text(entry(outcome: .cut(cut)))
    #expect(line.contains(" warning request "))
    #expect(line.contains(" status=200 outcome=cut cut=\(cut.rawValue) "))
    #expect(try parsed(JSONLine.bytes(of: entry(outcome: .cut(cut))))["cut"] as? String == cut.rawValue)
}

@Test func logsHealthOnlyWhenItFails() {
    #expect(!entry(route: "/health").shouldLog())
    #expect(!entry(route: "/ready").shouldLog())
    #expect(entry(route: "/ready", status: 503).shouldLog())
    #expect(entry(route: "/health", outcome: .cut(.client)).shouldLog())
    #expect(entry(route: nil).shouldLog())
    #expect(entry().shouldLog())
}

@Test(arguments: [
    (0.0, "1970-01-01T00:00:00.000Z"), (951_782_400.0, "2000-02-29T00:00:00.000Z"),
    (1_709_251_199.999, "2024-02-29T23:59:59.999Z"), (4_107_542_400.0, "2100-03-01T00:00:00.000Z"),
    (-5.0, "1970-01-01T00:00:00.000Z"), (Double.nan, "1970-01-01T00:00:00.000Z"),
    (Double.infinity, "9999-12-31T23:59:59.999Z"), (1e300, "9999-12-31T23:59:59.999Z"),
])
func writesTimesInUTC(_ seconds: Double, _ expected: String) {
    var line = LineBytes()
    line.time(UnixTime(seconds: seconds))
    #expect(String(decoding: line.bytes, as: UTF8.self) == expected)
}

@Test(arguments: [(0.0, "0.000"), (1.5, "1500.000"), (0.000_001, "0.001"), (-1, "0.000"), (.nan, "0.000")])
func writesDurationsInMilliseconds(_ seconds: Double, _ expected: String) {
    var line = LineBytes()
    line.milliseconds(seconds)
    #expect(String(decoding: line.bytes, as: UTF8.self) == expected)
}

@Test func writesEventsWithValuesBesideTheSentence() throws {
    let sink = MemorySink()
    let writer = try LogWriter(sink: sink)
    let log = RequestLog(format: .text, level: .warning, writer: writer)
    log.write(.info, "below the level", [:], at: someTime)
    log.write(.warning, "key set is stale", ["issuer": "https://idp.example", "note": "two words"], at: someTime)
    #expect(writer.close(within: 30_000))
    #expect(
        sink.text
            == "2027-01-15T08:00:00.250Z warning key set is stale issuer=https://idp.example note=\"two words\"\n"
    )
    let json = JSONLine.bytes(of: "key set is stale", level: .error, ["level": "x", "time": "y"], at: someTime)
    let object = try parsed(json)
    #expect(object["level"] as? String == "error")
    #expect((object["fields"] as? [String: String])?["level"] == "x")
}
