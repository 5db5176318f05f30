import ArgumentParser
import OstiaryCore
import OstiaryServer
import OstiaryVault

/// A running gate's admin door, and the token for it where it is not reached by its socket file.
struct AdminPlace: ParsableArguments {
    @OptionGroup var place: DoorOptions

    @OptionGroup var owner: DoorToken

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
        do throws(StoreFault) {
            if let token = try DoorToken.read(owner.tokenFile, config: place.config) { return token }
        } catch {
            voice.error(error.description)
            if let hint = error.hint { voice.hint(hint) }
            throw Status.system
        }
        let path = DoorToken.path(owner.tokenFile, config: place.config)
        voice.error(path.isEmpty ? "no token is named" : "there is no token in \(FilePath.shown(path))")
        voice.hint("name its file with --token-file FILE, or use the gate's socket: --admin unix:PATH")
        throw Status.usage
    }
}
