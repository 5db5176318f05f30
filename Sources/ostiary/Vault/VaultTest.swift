import ArgumentParser
import OstiaryCore
import OstiaryServer
import OstiaryVault

/// `ostiary vault test`
struct VaultTest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "have a running gate ask a provider whether it takes its key",
        discussion: """
            the gate asks, over its own way out; the key does not leave it for anywhere else

              ostiary vault test openai --config ostiary.yaml

            exit status: 0 when the provider takes the key, 1 when it does not
            """
    )

    @Argument(help: "the provider's name")
    var provider: String

    @OptionGroup var place: AdminPlace

    @Flag(help: "print the outcome as JSON")
    var json = false

    func run() async throws {
        let voice = Voice.standard
        guard (try? StoredName(provider)) != nil else { throw ValidationError("that is no provider's name") }
        let (status, answer) = try await place.post("/providers/\(provider)/test", voice: voice)
        guard status == 200 else { throw AdminPlace.tell(answer, voice: voice) }
        if json {
            voice.print(JSONText.pretty(.object(answer)) + "\n")
        } else {
            voice.print(Self.sentence(provider, answer))
        }
        if answer["success"]?.bool != true { throw Status.declined }
    }

    static func sentence(_ provider: String, _ answer: JSONObject) -> String {
        let state = AnswerStream.plain(answer["provider_status"]?.string ?? "")
        let time = "\(answer["latency_ms"]?.number?.int ?? 0) ms"
        guard answer["success"]?.bool == true else {
            return "\(provider): \(AnswerStream.plain(answer["error_message"]?.string ?? state)) (\(time))\n"
        }
        return "\(provider) takes its key: \(state) (\(time))\n"
    }
}
