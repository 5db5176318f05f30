import ArgumentParser
import OstiaryCore
import OstiaryServer

/// `ostiary vault open`
struct VaultOpen: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "open",
        abstract: "have a sealed gate read its stored keys again"
    )

    @OptionGroup var place: AdminPlace

    @Flag(help: "tell whether the gate could do it, and do nothing")
    var dryRun = false

    func run() async throws { try await Self.turn("open", "open", place, dryRun) }

    /// Seals or opens.
    static func turn(_ verb: String, _ state: String, _ place: AdminPlace, _ isDryRun: Bool) async throws {
        let voice = Voice.standard
        let (status, answer) = try await place.post(
            "/admin/\(verb)",
            .members(("dry_run", .bool(isDryRun))),
            voice: voice
        )
        guard status == 200 else { throw AdminPlace.tell(answer, voice: voice) }
        voice.print(isDryRun ? "would \(verb) the store of keys\n" : "the store of keys is \(state)\n")
    }
}
