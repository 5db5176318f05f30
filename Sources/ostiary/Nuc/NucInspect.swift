import ArgumentParser
import OstiaryCore
import OstiaryIdentity
import OstiaryServer

/// `ostiary nuc inspect`
struct NucInspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "show what a token and its proofs say, believed or not",
        discussion: "nothing is checked but the form; ostiary nuc verify says whether it is to be believed"
    )

    @OptionGroup var source: NucSource

    @Flag(help: "print it as JSON, leaf first as in the token")
    var json = false

    func run() throws {
        let voice = Voice.standard
        let envelope = try source.envelope(voice)
        voice.print(json ? JSONText.pretty(NucTelling.json(envelope)) + "\n" : NucTelling.lines(envelope))
    }
}
