import ArgumentParser
import OstiaryServer

/// An end that has been explained already; only its status is left to give.
enum Status {
    /// The command line or the configuration is wrong.
    static let usage = ExitCode(2)
    /// Somebody did not agree, or it works and not as it should.
    static let declined = ExitCode(1)
    /// A file holds what cannot be understood (EX_DATAERR).
    static let data = ExitCode(65)
    /// What the command is about is not there (EX_NOINPUT).
    static let nothing = ExitCode(66)
    /// No gate answers (EX_UNAVAILABLE).
    static let unavailable = ExitCode(69)
    /// The system refuses (EX_OSERR).
    static let system = ExitCode(71)
    /// The other side speaks something else (EX_PROTOCOL).
    static let `protocol` = ExitCode(76)
    /// The gate refused (EX_NOPERM).
    static let refused = ExitCode(77)
}

extension Voice {
    /// Ends the command after `error`: help and the like go to standard output, faults to standard error.
    func end(_ error: any Error) -> Never {
        if let code = error as? ExitCode { Ostiary.exit(withError: code) }
        let code = Ostiary.exitCode(for: error)
        let message = Ostiary.message(for: error)
        guard code != .success else {
            print(Self.spoken(help: message.hasSuffix("\n") ? message : message + "\n"))
            Ostiary.exit(withError: ExitCode.success)
        }
        if let word = Machine.firstWord, let near = Self.command(near: word) {
            self.error("there is no command '\(AnswerStream.plain(word))'")
            hint("did you mean: ostiary \(near)")
            Ostiary.exit(withError: Status.usage)
        }
        if let client = Machine.connected, let near = Self.client(near: client) {
            self.error("there is no client '\(AnswerStream.plain(client))'")
            hint("did you mean: ostiary connect \(near)")
            Ostiary.exit(withError: Status.usage)
        }
        let spoken = Self.spoken(message)
        self.error(spoken.error)
        hint(spoken.hint ?? "ostiary --help lists the commands and their options")
        Ostiary.exit(withError: Status.usage)
    }

    /// The parser's sentences in this command's voice: the first is the error, a second one the hint.
    static func spoken(_ message: String) -> (error: String, hint: String?) {
        let line = message.split(separator: "\n").first.map(String.init) ?? message
        if let end = line.firstRange(of: ". ") {
            return (lowered(line[..<end.lowerBound]), lowered(line[end.upperBound...]))
        }
        return (lowered(line[...]), nil)
    }

    /// The command that somebody meant by `word`; `nil` when it is one, or like none.
    static func command(near word: String) -> String? {
        near(word, among: Ostiary.configuration.subcommands.map { $0._commandName } + ["help"])
    }

    /// The client that somebody meant by `word` behind `ostiary connect`.
    static func client(near word: String) -> String? {
        let names = Connect.configuration.subcommands.map { $0._commandName }
        // The beginning of a name says more than its letters do.
        return near(word, among: names) ?? names.first { word.utf8.count > 2 && $0.hasPrefix(word) && $0 != word }
    }

    private static func near(_ word: String, among names: [String]) -> String? {
        guard !word.hasPrefix("-"), !names.contains(word) else { return nil }
        return Nearest.to(word, among: names)
    }

    /// The parser's own words in a help text, in this command's voice.
    static func spoken(help: String) -> String {
        let words = [
            ("OVERVIEW: ", ""), ("USAGE: ", "usage: "), ("\nARGUMENTS:", "\narguments:"), ("\nOPTIONS:", "\noptions:"),
            ("\nSUBCOMMANDS:", "\ncommands:"), ("Show the version.", "print the version"),
            ("Show help information.", "print this"),
            ("  See 'ostiary help <subcommand>' for detailed help.", "ostiary help COMMAND says more"),
            ("  See 'ostiary help connect <subcommand>' for detailed help.", "ostiary help connect COMMAND says more"),
        ]
        return words.reduce(help) { $0.replacing($1.0, with: $1.1) }
    }

    private static func lowered(_ sentence: Substring) -> String {
        var sentence = sentence
        if sentence.utf8.last == UInt8(ascii: ".") { sentence.removeLast() }
        return sentence.prefix(1).lowercased() + sentence.dropFirst()
    }
}
