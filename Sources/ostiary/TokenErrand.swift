import ArgumentParser
import OstiaryServer

/// Asking a running gate for a token, and printing it.
struct TokenErrand {
    var subject = "dev-user"
    var scope: String?
    /// As a person writes it; `nil` for as long as is usual.
    var lifetime: String?
    /// The client that runs this as its helper.
    var client: String?
    var format = TokenFormat.raw
    var door: LoopbackDoor
    /// The configuration and the file that say where the daemon's token is.
    var config: String?
    var tokenFile: String?

    init(at door: LoopbackDoor) { self.door = door }

    func run(_ voice: Voice) async throws {
        let lifetime = lifetime ?? (client == nil ? "24h" : "1h")
        var request = try DevelopmentToken(subject: subject, scope: scope, lifetime: lifetime, door: door)
        // Whoever has none may still be given one in development mode.
        if case .address = door { request.bearer = (try? DoorToken.read(tokenFile, config: config)) ?? nil }
        do throws(DevelopmentToken.Trouble) {
            let token = try await request.fetch(Running.loopbackClient(), voice: voice)
            voice.print(format.text(of: token, subject: subject))
        } catch {
            throw error.helperStatus
        }
    }
}

extension TokenErrand {
    /// What a client asks that runs this program as its helper: `ostiary token`, `--for` and `--admin` at the most, as
    /// `HelperCommand` writes it.
    ///
    /// Read without the command line's parser, which takes longer than all of the rest. It reads everything else, also
    /// what is wrong here.
    init?(helper arguments: [String]) {
        guard arguments.count > 1, arguments[1] == "token" else { return nil }
        var values: [String: String] = [:]
        var rest = arguments.dropFirst(2)
        while let name = rest.popFirst() {
            guard name == "--for" || name == "--admin", values[name] == nil, let value = rest.popFirst(),
                !value.isEmpty, value.first != "-"
            else { return nil }
            values[name] = value
        }
        guard let door = try? LoopbackDoor.named(values["--admin"], config: nil) else { return nil }
        self.init(at: door)
        client = values["--for"]
    }
}

extension DevelopmentToken.Trouble {
    /// For programs that run the command where others keep a key.
    var helperStatus: ExitCode {
        switch self {
        case .nobody: ExitCode(3)
        case .locked: ExitCode(4)
        case .failed, .nonsense: ExitCode(5)
        case .refused: ExitCode(6)
        }
    }
}
