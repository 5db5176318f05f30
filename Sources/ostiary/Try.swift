import ArgumentParser
import OstiaryServer

/// `ostiary try`: one streamed chat request through a gate on this machine.
struct Try: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "send one request through a gate on this machine",
        discussion: """
            without --token it asks a gate in development mode for one; a token is never written on the command line, \
            where everybody on the machine could read it

              ostiary try "hello"
              ostiary try "hello" --model gpt-small --token env:MY_TOKEN
              ostiary try "hello" --as messages
            """
    )

    @Argument(help: "what to say")
    var text: String

    @Option(help: "the model to ask")
    var model = "echo"

    @Option(name: .customLong("as"), help: ArgumentHelp("by which API", valueName: "api"))
    var api = Trial.API.chat

    @Option(help: ArgumentHelp("the gate's public door", valueName: "http://host:port"))
    var url = "http://127.0.0.1:8080"

    @Option(help: ArgumentHelp("where the token lies", valueName: "env:name or file:path"))
    var token: String?

    @OptionGroup var place: DoorOptions

    func run() async throws {
        let voice = Voice.standard
        guard let door = LoopbackDoor(parsing: url) else {
            throw ValidationError("--url must be a gate on this machine. Such as http://127.0.0.1:8080")
        }
        let client = Running.loopbackClient()
        let bearer: String
        if let token {
            bearer = try TokenSource.read(token, surroundings: Machine.surroundings)
        } else {
            let request = try DevelopmentToken(door: place.door)
            do throws(DevelopmentToken.Trouble) {
                bearer = try await request.fetch(client, voice: voice)
            } catch {
                throw error.status
            }
        }
        try await Trial(text: text, model: model, door: door, api: api).run(client, token: bearer, voice: voice)
    }
}

/// Reads a token from where the operator says it lies.
enum TokenSource {
    static func read(_ source: String, surroundings: Configuration.Surroundings) throws -> String {
        let refusal = ValidationError("--token must be env:NAME or file:PATH. Put the token into a variable or a file")
        guard let reference = Configuration.SecretReference(parsing: source) else { throw refusal }
        var bytes: [UInt8]
        switch reference {
        case .environment(let name): bytes = Array((surroundings.variables[name] ?? "").utf8)
        case .file(let path): bytes = surroundings.read(path, 16_384) ?? []
        case .vault, .keyring: throw refusal
        }
        while let last = bytes.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard (1...16_384).contains(bytes.count), bytes.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw ValidationError("--token names no usable token. It must be one line of 1 to 16384 characters")
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension Trial.API: ExpressibleByArgument {}
