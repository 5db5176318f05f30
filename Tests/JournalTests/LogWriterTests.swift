import Foundation
import OstiaryCore
import OstiaryTesting
import Synchronization
import Testing

@testable import OstiaryJournal

private func line(_ size: Int) -> [UInt8] { [UInt8](repeating: UInt8(ascii: "x"), count: size - 1) + [10] }

extension LogBuffer {
    fileprivate func append(_ line: [UInt8]) -> Signal { append { $0.raw(line) } }
}

// SEC-701
@Test func dropsAndCountsWhatDoesNotFit() {
    let buffer = LogBuffer()
    for _ in 0..<1_024 { _ = buffer.append(line(1_024)) }
    #expect(buffer.fill == LogBuffer.limit)
    #expect(buffer.dropped.current == 0)
    for _ in 0..<5 { _ = buffer.append(line(10)) }
    #expect(buffer.dropped.current == 5)
    let (bytes, dropped) = buffer.drain()
    #expect(bytes.count == LogBuffer.limit)
    #expect(dropped == 5)
    #expect(buffer.fill == 0)
    _ = buffer.append(line(10))
    #expect(buffer.drain().dropped == 0)
    #expect(buffer.dropped.current == 5)
}

@Test func ringsAtTheFirstLineAndAtThirtyTwoKiB() {
    let buffer = LogBuffer()
    #expect(buffer.append(line(100)) == .first)
    #expect(buffer.append(line(100)) == .none)
    #expect(buffer.append(line(LogBuffer.urgentSize)) == .urgent)
    #expect(buffer.append(line(100)) == .none)
    _ = buffer.drain()
    #expect(buffer.append(line(100)) == .first)
}

@Test func writesAllLinesFromManyThreadsOnceAndWhole() async throws {
    let sink = MemorySink()
    let writer = try LogWriter(sink: sink)
    await withTaskGroup(of: Void.self) { group in
        for task in 0..<8 {
            group.addTask { for number in 0..<200 { writer.append(Array("\(task) \(number)\n".utf8)) } }
        }
    }
    #expect(writer.close(within: 30_000))
    let lines = sink.text.split(separator: "\n")
    #expect(lines.count == 1_600)
    #expect(Set(lines).count == 1_600)
}

@Test func tellsHowManyLinesWereDropped() throws {
    let sink = SlowSink()
    let clock = ManualClock()
    let writer = try LogWriter(sink: sink, notice: RequestLog.notice(.json, clock: clock))
    writer.append(line(10))
    sink.entered.wait()
    for _ in 0..<1_030 { writer.append(line(1_024)) }
    sink.release.signal()
    #expect(writer.close(within: 10_000))
    #expect(writer.instruments.value("gw_log_lines_dropped_total") == 6)
    let notice = try #require(sink.text.split(separator: "\n").last)
    #expect((try parsed(notice.utf8)["fields"] as? [String: String])?["lines"] == "6")
}

// SEC-702
@Test func neverWaitsForASinkThatIsStuck() throws {
    let sink = SlowSink()
    let writer = try LogWriter(sink: sink)
    writer.append(line(10))
    sink.entered.wait()
    for _ in 0..<2_000 { writer.append(line(1_024)) }
    #expect(!writer.close(within: 1))
    sink.release.signal()
}

@Test func countsWhatTheSinkRefuses() throws {
    let writer = try LogWriter(sink: MemorySink(refuses: true))
    writer.append(line(100))
    #expect(writer.close(within: 30_000))
    #expect(writer.instruments.value("gw_log_lost_bytes_total") == 100)
}

@Test func writesToADescriptorAndSurvivesABrokenPipe() throws {
    let pipe = Pipe()
    let sink = DescriptorSink(descriptor: pipe.fileHandleForWriting.fileDescriptor)
    let writer = try LogWriter(sink: sink)
    writer.append(Array("hello\n".utf8))
    #expect(writer.close(within: 30_000))
    #expect(String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self) == "hello\n")
    try pipe.fileHandleForReading.close()
    let second = try LogWriter(sink: sink)
    second.append(Array("nobody\n".utf8))
    #expect(second.close(within: 30_000))
    #expect(second.instruments.value("gw_log_lost_bytes_total") == 7)
}

/// Holds the writer's thread in its first write until it is released.
private final class SlowSink: LogSink {
    let entered = DispatchSemaphore(value: 0)
    let release = DispatchSemaphore(value: 0)
    private let state = Mutex((isFirst: true, bytes: [UInt8]()))

    func write(_ bytes: [UInt8]) -> Bool {
        let isFirst = state.withLock { state in
            defer { state.isFirst = false }
            state.bytes += bytes
            return state.isFirst
        }
        if isFirst {
            entered.signal()
            release.wait()
        }
        return true
    }

    var text: String { String(decoding: state.withLock { $0.bytes }, as: UTF8.self) }
}
