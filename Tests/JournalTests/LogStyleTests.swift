import OstiaryCore
import OstiaryTesting
import Testing

@testable import OstiaryJournal

@Test func linesLookAsTheStyleSaysNow() throws {
    let sink = MemorySink()
    let clock = ManualClock()
    let writer = try LogWriter(sink: sink)
    let style = LogStyle(format: .json, level: .info)
    let log = RequestLog(style: style, writer: writer)
    log.write(.info, "first", [:], at: clock.now)
    style.change(format: .text, level: .warning)
    #expect(log.format == .text)
    #expect(log.level == .warning)
    log.write(.info, "second", [:], at: clock.now)
    log.write(.warning, "third", [:], at: clock.now)
    #expect(writer.close(within: 30_000))
    let lines = sink.text.split(separator: "\n")
    #expect(lines.count == 2)
    #expect(lines.first?.hasPrefix("{") == true)
    #expect(lines.last?.hasPrefix("{") == false)
    #expect(lines.last?.contains("third") == true)
}

@Test func instrumentsOfTheRoomsTakeThePlaceOfThoseBefore() throws {
    let clock = ManualClock()
    let journal = Journal(
        log: RequestLog(writer: try LogWriter(sink: MemorySink())),
        metrics: Metrics(loops: 1, version: "0.1.0"),
        percentiles: LivePercentiles(loops: 1, at: clock.monotonic),
        clock: clock
    )
    journal.add([Instrument("gw_lasting", .gauge, "Stays.") { 1 }])
    journal.show([Instrument("gw_rooms", .gauge, "Goes.", labels: [("of", "one")]) { 1 }])
    journal.show([Instrument("gw_rooms", .gauge, "Goes.", labels: [("of", "two")]) { 2 }])
    let text = String(decoding: journal.expose(accept: nil).bytes, as: UTF8.self)
    #expect(text.contains("gw_lasting 1\n"))
    #expect(text.contains("gw_rooms{of=\"two\"} 2\n"))
    #expect(!text.contains("of=\"one\""))
}
