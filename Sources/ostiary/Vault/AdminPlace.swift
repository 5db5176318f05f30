import ArgumentParser
import OstiaryCore
import OstiaryServer
import OstiaryVault

/// A running gate's admin door, and the token for it where it is not reached by its socket file.
struct AdminPlace: ParsableArguments {
    @OptionGroup var place: DoorOptions

    @Option(
        help: ArgumentHelp("the file with a token for it, over daemon.token_file", valueName: "file"),
        completion: .file()
    )
    var tokenFile: String?

    /// Posts to the door.
    /// - Returns: the status and the answer; says what went wrong where there is none.
    func post(_ path: String, _ body: JSONValue = .members(), voice: Voice) async throws -> (Int, JSONObject) {
        let door = try place.door
        var fields = [(name: "Content-Type", value: "application/json")]
        if case .address = door { fields.append(("Authorization", "Bearer \(try token(voice))")) }
        let answer = Gathered()
        let status: Int
        do throws(LoopbackFailure) {
            status = try await Running.loopbackClient().post(
                path,
                to: door,
                fields: fields,
                body: JSONWriter.write(body),
                piece: { answer.append($0) }
            )
        } catch {
            voice.error("no gate answers at \(door)")
            voice.hint("start one with: ostiary serve --config FILE")
            throw Status.unavailable
        }
        guard let object = try? JSONReader.read(answer.bytes.span).object else {
            voice.error("the gate at \(door) answered with something else than it should")
            throw Status.protocol
        }
        return (status, object)
    }

    /// Says what the gate said instead of doing it.
    static func tell(_ answer: JSONObject, voice: Voice) -> ExitCode {
        let message = answer["error"]?.object?["message"]?.string ?? "the gate refused"
        voice.error(AnswerStream.plain(message))
        if answer["error"]?.object?["code"]?.string == "unauthorized" {
            voice.hint("name the file with a token: --token-file FILE, or use the gate's socket: --admin unix:PATH")
        }
        return Status.refused
    }

    private func token(_ voice: Voice) throws -> String {
        let daemon = Configuration.daemon(of: place.config, surroundings: Machine.surroundings)
        let path = tokenFile ?? daemon.tokenFile
        do throws(StoreFault) {
            guard !path.isEmpty, let bytes = try OwnersFile(path: path).read(limit: 8194) else {
                voice.error(path.isEmpty ? "no token is named" : "there is no token file \(FilePath.shown(path))")
                voice.hint("name it with --token-file FILE, or use the gate's socket: --admin unix:PATH")
                throw StoreFault.notThere(place: path)
            }
            return String(decoding: bytes.filter { (0x21...0x7e).contains($0) }, as: UTF8.self)
        } catch {
            if case .notThere = error { throw Status.usage }
            voice.error(error.description)
            if let hint = error.hint { voice.hint(hint) }
            throw Status.system
        }
    }
}
