import ArgumentParser
import OstiaryServer
import Synchronization
import Testing

@testable import ostiary

/// Listens to a voice.
final class Listener: Sendable {
    private let heard = Mutex<(out: String, err: String)>(("", ""))

    func voice(isColoured: Bool = false, isWatched: Bool = false) -> Voice {
        Voice(
            out: { text in self.heard.withLock { $0.out += text } },
            err: { text in self.heard.withLock { $0.err += text } },
            isColoured: isColoured,
            isWatched: isWatched
        )
    }

    var out: String { heard.withLock { $0.out } }
    var err: String { heard.withLock { $0.err } }
}

@Suite struct VoiceTests {
    @Test func colourIsForTerminalsWithoutNoColor() {
        #expect(Voice.isColoured(isTerminal: true, variables: ["TERM": "xterm"]))
        #expect(!Voice.isColoured(isTerminal: false, variables: ["TERM": "xterm"]))
        #expect(!Voice.isColoured(isTerminal: true, variables: ["NO_COLOR": "1"]))
        #expect(Voice.isColoured(isTerminal: true, variables: ["NO_COLOR": ""]))
        #expect(!Voice.isColoured(isTerminal: true, variables: ["TERM": "dumb"]))
    }

    @Test func errorsAndHintsGoToStandardError() {
        let listener = Listener()
        listener.voice().error("no")
        listener.voice().hint("try this")
        #expect(listener.err == "ostiary: error: no\nostiary: hint: try this\n")
        #expect(listener.out.isEmpty)
        let coloured = Listener()
        coloured.voice(isColoured: true).error("no")
        #expect(coloured.err == "ostiary: \u{1b}[1;31merror\u{1b}[0m: no\n")
    }

    @Test func progressIsForSomebodyWhoWatches() {
        let alone = Listener()
        alone.voice().progress("waiting")
        #expect(alone.err.isEmpty)
        let watched = Listener()
        watched.voice(isWatched: true).progress("waiting")
        #expect(watched.err == "ostiary: waiting\n")
    }

    @Test func theParsersSentencesAreSpokenInThisVoice() {
        let spoken = Voice.spoken("Unknown option '--confg'. Did you mean '--config'?")
        #expect(spoken.error == "unknown option '--confg'")
        #expect(spoken.hint == "did you mean '--config'?")
        #expect(Voice.spoken("Missing expected argument.").error == "missing expected argument")
    }

    @Test func guessesCommands() {
        #expect(Voice.command(near: "chek") == "check")
        #expect(Voice.command(near: "check") == nil)
        #expect(Voice.command(near: "--chek") == nil)
        #expect(Voice.command(near: "frobnicate") == nil)
    }
}
