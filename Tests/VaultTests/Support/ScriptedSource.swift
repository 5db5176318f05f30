import OstiaryCore
import Synchronization

@testable import OstiaryVault

/// A source that gives what a test has put into it, and counts how often it was asked.
final class Script: Sendable {
    enum Answer: Sendable {
        case key(String, life: Double? = nil)
        case fault(SourceFault)
        /// Answers when the test says so.
        case hang
    }

    private struct State {
        var answer: Answer
        var asked = 0
        var hanging: [CheckedContinuation<Answer, Never>] = []
    }

    private let state: Mutex<State>

    init(_ answer: Answer) {
        state = Mutex(State(answer: answer))
    }

    convenience init(_ key: String, life: Double? = nil) { self.init(.key(key, life: life)) }

    var asked: Int { state.withLock { $0.asked } }
    var hanging: Int { state.withLock { $0.hanging.count } }

    func set(_ answer: Answer) { state.withLock { $0.answer = answer } }

    /// Answers those who hang.
    func release(_ answer: Answer) {
        let hanging = state.withLock { state in
            state.answer = answer
            defer { state.hanging = [] }
            return state.hanging
        }
        for one in hanging { one.resume(returning: answer) }
    }

    func next() async -> Answer {
        await withCheckedContinuation { continuation in
            let answer: Answer? = state.withLock { state in
                state.asked += 1
                guard case .hang = state.answer else { return state.answer }
                state.hanging.append(continuation)
                return nil
            }
            if let answer { continuation.resume(returning: answer) }
        }
    }
}

struct ScriptedSource: KeySource {
    static let kind = "scripted"
    static let form = "scripted"
    static let trimsLineEnd = true

    let name: String
    let script: Script
    var label: String { "script \(name)" }

    static func == (left: ScriptedSource, right: ScriptedSource) -> Bool { left.script === right.script }
    func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(script)) }

    func fetch(_ surroundings: Surroundings) async throws(SourceFault) -> KeyMaterial {
        switch await script.next() {
        case .key(let text, let life):
            let bytes = Array(text.utf8)
            return KeyMaterial(Secret(copying: bytes.span), life: life)
        case .fault(let fault): throw fault
        case .hang: throw .givenUp(label: label)
        }
    }
}

/// What a vault has said to the operator.
final class Notices: Sendable {
    private let said = Mutex<[KeyNotice]>([])

    var all: [KeyNotice] { said.withLock { $0 } }
    func take(_ notice: KeyNotice) { said.withLock { $0.append(notice) } }
}
