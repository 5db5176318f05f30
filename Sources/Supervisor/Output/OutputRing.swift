import OstiaryCore
import Synchronization

/// The last lines that a child said, for people: at most 200, the oldest go first.
final class OutputRing: Sendable {
    static let limit = 200

    private struct State {
        var lines: [String] = []
        var next = 0
    }

    private let state = Mutex(State())

    func append(_ bytes: [UInt8]) {
        let line = Self.shown(bytes)
        state.withLock { state in
            if state.lines.count < Self.limit {
                state.lines.append(line)
            } else {
                state.lines[state.next] = line
                state.next = (state.next + 1) % Self.limit
            }
        }
    }

    /// In their order.
    var lines: [String] {
        state.withLock { Array($0.lines[$0.next...] + $0.lines[..<$0.next]) }
    }

    /// Without what could disturb a terminal or a log (SEC-601).
    private static func shown(_ bytes: [UInt8]) -> String {
        var shown = String.UnicodeScalarView()
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars where scalar != "\r" {
            let isControl = scalar.properties.generalCategory == .control && scalar != "\t"
            shown.append(isControl ? "\u{fffd}" : scalar)
        }
        return String(shown)
    }
}
