import Foundation
import OstiaryJournal
import Synchronization

/// Keeps what the gate logs.
final class LogCapture: LogSink {
    private let state = Mutex<[UInt8]>([])
    private let isBroken = Atomic<Bool>(false)

    /// From now on nothing can be written.
    func breakDown() { isBroken.store(true, ordering: .relaxed) }

    func write(_ bytes: [UInt8]) -> Bool {
        guard !isBroken.load(ordering: .relaxed) else { return false }
        state.withLock { $0 += bytes }
        return true
    }

    var bytes: [UInt8] { state.withLock { $0 } }
    var text: String { String(decoding: bytes, as: UTF8.self) }
    var lines: [String] { text.split(separator: "\n").map(String.init) }

    /// The lines about requests, as JSON objects.
    var entries: [LogLine] { lines.compactMap(LogLine.init).filter { $0.message == "request" } }
    var events: [LogLine] { lines.compactMap(LogLine.init).filter { $0.message != "request" } }
}

/// A JSON line of the log.
struct LogLine: Decodable, Sendable {
    let time: String
    let level: String
    let message: String
    let id: String?
    let method: String?
    let route: String?
    let status: Int?
    let outcome: String?
    let cut: String?
    let cause: String?
    let duration_ms: Double?
    let upstream_ms: Double?
    let bytes_in: Int?
    let bytes_out: Int?
    let user: String?
    let peer: String?
    let provider: String?
    let model: String?
    let tokens_in: Int?
    let tokens_out: Int?
    let tokens_estimated: Bool?
    let finish: String?

    init?(_ line: String) {
        guard let read = try? JSONDecoder().decode(LogLine.self, from: Data(line.utf8)) else { return nil }
        self = read
    }
}
