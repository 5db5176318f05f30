import ArgumentParser
import OstiaryCore
import OstiaryServer

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// How the command speaks: results on standard output, everything else on standard error as `ostiary: error: …` and
/// `ostiary: hint: …`; lower case, no full stop, colour only on a terminal and never with `NO_COLOR`.
struct Voice: Sendable {
    let out: @Sendable (String) -> Void
    let err: @Sendable (String) -> Void
    let isColoured: Bool
    /// Whether somebody watches standard error.
    let isWatched: Bool

    static let standard = Voice(
        out: { write($0, to: 1) },
        err: { write($0, to: 2) },
        isColoured: isColoured(isTerminal: isatty(2) == 1, variables: Machine.variables),
        isWatched: isatty(2) == 1
    )

    /// Colour is for terminals, unless `NO_COLOR` has a value (no-color.org) or the terminal is a dumb one.
    static func isColoured(isTerminal: Bool, variables: [String: String]) -> Bool {
        isTerminal && (variables["NO_COLOR"] ?? "").isEmpty && variables["TERM"] != "dumb"
    }

    /// A result.
    func print(_ text: String) {
        out(text)
    }

    func error(_ message: String) {
        err("ostiary: \(paint("error", "1;31")): \(message)\n")
    }

    func hint(_ message: String) {
        err("ostiary: \(paint("hint", "1;36")): \(message)\n")
    }

    /// Something that is no fault and still not as it should be.
    func warn(_ message: String) {
        err("ostiary: \(paint("warning", "1;33")): \(message)\n")
    }

    /// Something that takes its time; said only to somebody who watches.
    func progress(_ message: String) {
        if isWatched { err("ostiary: \(message)\n") }
    }

    /// A question, whose answer is read from standard input.
    func ask(_ question: String) {
        err("ostiary: \(question)")
    }

    func tell(_ faults: Configuration.Faults) {
        for fault in faults.all {
            error(fault.description)
            if let text = fault.hint { hint(text) }
        }
    }

    private func paint(_ word: String, _ code: String) -> String {
        isColoured ? "\u{1b}[\(code)m\(word)\u{1b}[0m" : word
    }

    /// A number of things: `1 key`, `2 keys`.
    static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    private static func write(_ text: String, to descriptor: Int32) {
        // Nobody is left to tell of it.
        try? SystemCall.writeAll(Array(text.utf8), to: descriptor)
    }
}
